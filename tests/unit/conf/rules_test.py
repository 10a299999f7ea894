#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""conf/prometheus and conf/grafana: each alert fires when it should and is quiet when it should be, has its section in
docs/runbooks.md, and names only metrics that lib/metrics makes. What needs promtool is skipped without it.

    rules_test.py
"""
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
RULES = ROOT / "conf/prometheus/warren.rules.yml"
DASHBOARD = ROOT / "conf/grafana/warren.json"
RUNBOOKS = ROOT / "docs/runbooks.md"

BOXES = ('instance="a"', 'instance="b"')
ROUTER = 'router="R"'
SERVER = 'instance="a",service="V:1",server="S:1"'


def state(box, name, values):
    return f'warren_vrrp_state{{{BOXES[box]},{ROUTER},state="{name}"}}', values


MASTER = state(0, "master", "1x120")


def own_address(box, name, values):
    """Of a router that speaks no VRRP."""
    return f'warren_vrrp_state{{{BOXES[box]},router="O",vrid="0",state="{name}"}}', values


OWN_ADDRESSES = [own_address(box, name, values) for box in (0, 1) for name, values in (("master", "1x120"), ("backup", "0x120"))]


def owned(service, values):
    return f'warren_service_owned{{{BOXES[0]},service="{service}"}}', values


# A backup's host serves an address of its own all the time; a server of that was down for half a minute.
OF_OWN_ADDRESS = [*OWN_ADDRESSES, owned("O:1", "1x60"), (f'warren_service_up{{{BOXES[0]},service="O:1"}}', "1x60"),
                  (f'warren_server_state{{{BOXES[0]},service="O:1",server="S:1",state="down"}}', "1 1 0x60")]

# Alert -> (at which moment, series with which it fires, series with which it does not). One point each 15 s.
CASES = {
    "WarrenDown": ("2m", [('up{job="warren",instance="a"}', "0x120")], [('up{job="warren",instance="a"}', "1 0 1x100")]),
    "MissingTarget": ("3m", [('up{job="other"}', "1x120")], [('up{job="warren"}', "0x120")]),
    "NoMaster": ("2m", [state(0, "master", "0x120"), state(1, "master", "0x120")], [MASTER, state(1, "master", "0x120")]),
    "TwoMasters": ("2m", [MASTER, state(1, "master", "1x120")],
                   [MASTER, state(1, "master", "0x120"), *OWN_ADDRESSES]),
    "NoStandby": ("10m", [MASTER, state(0, "backup", "0x120"), state(1, "backup", "0x120")],
                  [state(0, "backup", "0x120"), state(1, "backup", "1x120"), *OWN_ADDRESSES]),
    "Flapping": ("15m", [(f"warren_vrrp_became_master_total{{{ROUTER}}}", "0+1x60")],
                 [(f"warren_vrrp_became_master_total{{{ROUTER}}}", "0 1 2 2x60")]),
    "AdvertsRefused": ("6m", [(f'warren_vrrp_adverts_refused_total{{{ROUTER},reason="auth_data"}}', "0+15x60")],
                       [(f'warren_vrrp_adverts_refused_total{{{ROUTER},reason="auth_data"}}', "3x60")]),
    "AddressClaimed": ("4m", [(f"warren_vrrp_address_claims_total{{{ROUTER}}}", "0 0 0 1x60")],
                       [(f"warren_vrrp_address_claims_total{{{ROUTER}}}", "7x60")]),
    "LateAdverts": ("4m", [(f"warren_vrrp_late_adverts_total{{{ROUTER}}}", "0 0 1x60")],
                    [(f"warren_vrrp_late_adverts_total{{{ROUTER}}}", "2x60")]),
    "FlowSyncTrouble": ("4m", [('warren_health_reason{reason="flow_sync"}', "1x60")],
                        [('warren_health_reason{reason="server_down"}', "1x60")]),
    "ServiceDown": ("2m", [owned("V:1", "1x60"), (f'warren_service_up{{{BOXES[0]},service="V:1"}}', "0x60")],
                    [owned("V:1", "0x60"), (f'warren_service_up{{{BOXES[0]},service="V:1"}}', "0x60"), *OF_OWN_ADDRESS]),
    "Refusing": ("4m", [('warren_service_refused_total{service="V:1",reason="table_full"}', "0+30x60")],
                 [('warren_service_refused_total{service="V:1",reason="table_full"}', "30x60")]),
    "ServerDown": ("5m", [owned("V:1", "1x60"), (f'warren_server_state{{{SERVER},state="down"}}', "1x60")],
                   [owned("V:1", "0x60"), (f'warren_server_state{{{SERVER},state="down"}}', "1x60"), *OF_OWN_ADDRESS]),
    "ServerSlow": ("10m", [(f"warren_server_effective_weight{{{SERVER}}}", "0.5x60"), (f"warren_server_weight{{{SERVER}}}", "1x60")],
                   [(f"warren_server_effective_weight{{{SERVER}}}", "0x60"), (f"warren_server_weight{{{SERVER}}}", "0x60")]),
    "ServerRefusing": ("8m", [(f"warren_server_refused_total{{{SERVER}}}", "0+1x60"), (f"warren_server_unanswered_total{{{SERVER}}}", "0x60"),
                              (f"warren_server_attempts_total{{{SERVER}}}", "0+10x60")],
                       [(f"warren_server_refused_total{{{SERVER}}}", "0+1x60"), (f"warren_server_unanswered_total{{{SERVER}}}", "0x60"),
                        (f"warren_server_attempts_total{{{SERVER}}}", "0+100x60")]),
    "TableFilling": ("2m", [('warren_worker_flows{worker="0"}', "900x60"), ('warren_worker_flow_capacity{worker="0"}', "1000x60")],
                     [('warren_worker_flows{worker="0"}', "700x60"), ('warren_worker_flow_capacity{worker="0"}', "1000x60")]),
    "PortsFilling": ("2m", [('warren_service_local_ports_used_ratio{service="V:1"}', "0.9x60")],
                     [('warren_service_local_ports_used_ratio{service="V:1"}', "0.7x60")]),
    "StraysHigh": ("20m", [(f'warren_worker_refused_total{{{BOXES[0]},reason="no_flow"}}', "0+60x120"),
                           (f"warren_vrrp_became_master_total{{{BOXES[0]},{ROUTER}}}", "1x120")],
                   [(f'warren_worker_refused_total{{{BOXES[0]},reason="no_flow"}}', "0+60x120"),
                    (f"warren_vrrp_became_master_total{{{BOXES[0]},{ROUTER}}}", "1x40 2x80")]),
    "Dropping": ("4m", [('warren_worker_drops_total{worker="0",reason="tx_full"}', "0+15x60")],
                 [('warren_worker_drops_total{worker="0",reason="not_owned"}', "0+15x60")]),
    "ReceiveMissed": ("4m", [('warren_port_receive_missed_total{interface="eth0"}', "0+15x60"),
                             ('warren_port_receive_no_buffer_total{interface="eth0"}', "0x60")],
                      [('warren_port_receive_missed_total{interface="eth0"}', "5x60"),
                       ('warren_port_receive_no_buffer_total{interface="eth0"}', "0x60")]),
    "WorkerBusy": ("5m", [('warren_worker_busy_seconds_total{worker="0"}', "0+14.5x60")],
                   [('warren_worker_busy_seconds_total{worker="0"}', "0+7x60")]),
    "PortDown": ("2m", [('warren_port_up{interface="eth0"}', "0x60")], [('warren_port_up{interface="eth0"}', "1x60")]),
    "ManagerLate": ("2m", [("warren_manager_lag_seconds", "2x60")], [("warren_manager_lag_seconds", "0.3x60")]),
    "ReloadFailed": ("2m", [("warren_config_last_reload_successful", "0x60")], [("warren_config_last_reload_successful", "1x60")]),
    "ConfigDiffers": ("12m", [('warren_config_info{instance="a",hash="1"}', "1x60"), ('warren_config_info{instance="b",hash="2"}', "1x60")],
                      [('warren_config_info{instance="a",hash="1"}', "1x60"), ('warren_config_info{instance="b",hash="1"}', "1x60")]),
    "DescriptorsFilling": ("8m", [('process_open_fds{job="warren"}', "900x60"), ('process_max_fds{job="warren"}', "1000x60")],
                           [('process_open_fds{job="warren"}', "90x60"), ('process_max_fds{job="warren"}', "1000x60")]),
}

# Fires with other series, too: in half an hour from 10 % to 70 %.
GROWING = {
    "TableFilling": [('warren_worker_flows{worker="0"}', "100+5x120"), ('warren_worker_flow_capacity{worker="0"}', "1000x120")],
    "PortsFilling": [('warren_service_local_ports_used_ratio{service="V:1"}', "0.1+0.005x120")],
}

# What a scrape adds by itself.
OTHERS = {"up"}


def alerts():
    return re.findall(r"^ +- alert: (\w+)$", RULES.read_text(encoding="utf-8"), re.M)


def made_metrics():
    text = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "lib/metrics").glob("*_metrics.cc"))
    names = set(re.findall(r'"((?:warren|process)_\w+)"', text))
    return names | {name + part for name in names if name.endswith("_seconds") for part in ("_bucket", "_sum", "_count")}


def named_metrics(text):
    return set(re.findall(r"\b(?:warren|process)_[a-z_]+", text))


def promtool_case(alert, moment, series, fires):
    lines = ["  - interval: 15s", f"    name: {alert} {'fires' if fires else 'is quiet'}", "    input_series:"]
    for name, values in series:
        lines += [f"      - series: '{name}'", f"        values: '{values}'"]
    # Whether it fires, without its labels and words.
    return lines + ["    promql_expr_test:",
                    f"      - expr: count(ALERTS{{alertname=\"{alert}\",alertstate=\"firing\"}}) or vector(0)",
                    f"        eval_time: {moment}", "        exp_samples:", f"          - value: {1 if fires else 0}"]


class Rules(unittest.TestCase):
    def test_each_has_a_case_and_a_runbook(self):
        self.assertEqual(sorted(alerts()), sorted(CASES))
        sections = re.findall(r"^## (\w+)$", RUNBOOKS.read_text(encoding="utf-8"), re.M)
        self.assertEqual(sections, alerts(), "docs/runbooks.md has one section each, in their order")
        urls = re.findall(r"runbook_url: (\S+)", RULES.read_text(encoding="utf-8"))
        self.assertEqual(urls, [f"docs/runbooks.md#{name.lower()}" for name in alerts()])

    def test_they_name_what_is_made(self):
        text = re.sub(r"^ *#.*$", "", RULES.read_text(encoding="utf-8"), flags=re.M)
        self.assertEqual(named_metrics(text) - made_metrics() - OTHERS, set())

    @unittest.skipUnless(shutil.which("promtool"), "no promtool here (Debian: prometheus)")
    def test_promtool_finds_them_good(self):
        subprocess.run(["promtool", "check", "rules", str(RULES)], check=True, stdout=subprocess.DEVNULL)

    @unittest.skipUnless(shutil.which("promtool"), "no promtool here (Debian: prometheus)")
    def test_each_fires_and_is_quiet(self):
        lines = [f"rule_files: ['{RULES}']", "evaluation_interval: 15s", "tests:"]
        for alert, (moment, loud, quiet) in CASES.items():
            lines += promtool_case(alert, moment, loud, True) + promtool_case(alert, moment, quiet, False)
        for alert, loud in GROWING.items():
            lines += promtool_case(alert, "30m", loud, True)
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "cases.yml"
            file.write_text("\n".join(lines) + "\n", encoding="utf-8")
            run = subprocess.run(["promtool", "test", "rules", str(file)], capture_output=True, text=True, check=False)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)


class Dashboard(unittest.TestCase):
    def setUp(self):
        self.panels = []
        dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
        for panel in dashboard["panels"]:
            self.panels += [panel] + panel.get("panels", [])
        self.annotations = dashboard["annotations"]["list"]

    def test_it_names_what_is_made(self):
        shown = [target["expr"] for panel in self.panels for target in panel.get("targets", [])]
        shown += [one["expr"] for one in self.annotations if "expr" in one]
        self.assertEqual(named_metrics(" ".join(shown)) - made_metrics(), set())
        self.assertGreater(len(shown), 20)

    @unittest.skipUnless(shutil.which("promtool"), "no promtool here (Debian: prometheus)")
    def test_prometheus_understands_each_expression(self):
        shown = [target["expr"] for panel in self.panels for target in panel.get("targets", [])]
        shown += [one["expr"] for one in self.annotations if "expr" in one]
        lines = ["groups:", "  - name: dashboard", "    rules:"]
        for number, expression in enumerate(shown):
            expression = expression.replace("$__rate_interval", "1m").replace("$instance", ".*")
            lines += [f"      - record: panel:{number}", f"        expr: {json.dumps(expression)}"]
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "dashboard.yml"
            file.write_text("\n".join(lines) + "\n", encoding="utf-8")
            run = subprocess.run(["promtool", "check", "rules", str(file)], capture_output=True, text=True, check=False)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)

    def test_no_panel_is_empty_or_twice(self):
        self.assertEqual(len({panel["id"] for panel in self.panels}), len(self.panels))
        for panel in self.panels:
            if panel["type"] != "row":
                self.assertTrue(panel["targets"], panel["title"])
                self.assertTrue(panel.get("description"), panel["title"])


if __name__ == "__main__":
    unittest.main()
