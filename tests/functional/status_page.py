#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What a pair answers over HTTP: metrics, health, who is primary, JSON, CSV, and the page in a browser; and that readers, a
hundred at once or a thousand slow ones, do no harm.

    status_page.py BUILD [PICTURES]    PICTURES: a folder that keeps pictures of the page
"""
import csv
import io
import json
import pathlib
import re
import shutil
import subprocess
import sys

from harness import REPOSITORY, Test, run, wait_until

VIP = "192.168.8.100"
PASSWORD = "s3cretpw"
CONFIG = """vrrp_instance rabbit {{
    interface eth0
    virtual_router_id 51
    priority {priority}
    advert_int 1
    authentication {{
        auth_type PASS
        auth_pass s3cretpw
    }}
    virtual_ipaddress {{
        192.168.8.100/24
    }}
}}
virtual_server 192.168.8.100 5672 {{
    delay_loop 0.2
    lb_algo wlc
    lb_kind FNAT
    protocol TCP
    real_server 192.168.8.11 5672 {{
        TCP_CHECK {{
        }}
    }}
    real_server 192.168.8.12 5672 {{
        weight 2
        TCP_CHECK {{
        }}
    }}
}}
dataplane {{
{http}
}}
"""
# Scrapes N times at once and says how many got it whole, and the longest that one took.
SCRAPERS = """
import sys, threading, time, urllib.request
took = []
def scrape():
    begin = time.monotonic()
    with urllib.request.urlopen(sys.argv[1], timeout=20) as reply:
        text = reply.read()
        if reply.status == 200 and text.count(b"warren_build_info{") == 1:
            took.append(time.monotonic() - begin)
threads = [threading.Thread(target=scrape) for _ in range(int(sys.argv[2]))]
for t in threads: t.start()
for t in threads: t.join()
print(len(took), max(took))
"""
# Opens N connections that send half a request and stay, until its input ends.
SLOW = """
import socket, sys
held = []
for _ in range(int(sys.argv[2])):
    s = socket.socket()
    s.setblocking(False)
    try:
        s.connect((sys.argv[1], 9721))
    except BlockingIOError:
        pass
    held.append(s)
for s in held:
    try:
        s.send(b"GET /metrics HTTP/1.1\\r\\n")
    except OSError:
        pass
print("held", flush=True)
sys.stdin.read()
"""


# Clients that come, stay a while and go, until its input ends.
GUESTS = """
import random, select, socket, sys
held = []
random.seed(1)
while not select.select([sys.stdin], [], [], 0.15)[0]:
    try:
        for _ in range(random.choice((0, 0, 1, 1, 2, 5))):
            held.append(socket.create_connection((sys.argv[1], 5672), 2))
    except OSError:
        pass
    while len(held) > 60 or held and random.random() < 0.4:
        held.pop(random.randrange(len(held))).close()
"""


class Bench:
    def __init__(self, test):
        self.test = test
        self.hosts = {name: test.network.add_host(name, f"192.168.8.{number}/24")
                      for name, number in (("a", 4), ("b", 5), ("one", 11), ("two", 12), ("client", 50))}
        self.socket = str(test.folder / "%i.http")

    def config(self, name, http=None):
        address = {"a": "192.168.8.4", "b": "192.168.8.5"}[name]
        lines = http if http is not None else [f"{address}:9721", f"unix:{self.socket}"]
        return CONFIG.format(priority=100 if name == "a" else 90, http="".join(f"    http {line}\n" for line in lines))

    def start(self, name):
        return self.test.start_warren(self.hosts[name], self.config(name))

    def get(self, name, path, *options, port=9721):
        """(status, body) as the client sees it; status 0: nobody answers."""
        address = {"a": "192.168.8.4", "b": "192.168.8.5"}[name]
        result = self.hosts["client"].run("curl", "-s", "-m", "10", "-w", "\n%{http_code}", *options,
                                          f"http://{address}:{port}{path}", check=False)
        body, _, status = result.stdout.rpartition("\n")
        return int(status), body

    def get_here(self, name, path):
        """The same by the Unix socket on the machine itself."""
        host = self.hosts[name]
        result = host.run("curl", "-s", "-m", "10", "-w", "\n%{http_code}", "--unix-socket",
                          self.socket.replace("%i", host.namespace), f"http://x{path}", check=False)
        body, _, status = result.stdout.rpartition("\n")
        return int(status), body

    def metrics(self, name, query=""):
        """Series -> value."""
        status, text = self.get(name, "/metrics" + query)
        assert status == 200, (status, text)
        rows = (line.rpartition(" ") for line in text.splitlines() if line and not line.startswith("#"))
        return {series: float(value) for series, _, value in rows}

    def value(self, name, series):
        return self.metrics(name)[series]


def health_and_primary(bench):
    wait_until("a to be master", lambda: bench.get("a", "/primary")[0] == 200, 15)
    wait_until("b to be backup", lambda: bench.get("b", "/primary")[1] == "rabbit backup\n", 15)
    assert bench.get("a", "/health") == (200, "ok\n")
    assert bench.get("b", "/health") == (200, "ok\n")
    assert bench.get("a", "/primary/rabbit") == (200, "rabbit master\n")
    assert bench.get("b", "/primary/rabbit") == (503, "rabbit backup\n")
    assert bench.get("a", "/primary/other")[0] == 404
    assert bench.get_here("a", "/primary")[0] == 200
    # In fault nobody reaches it from outside; it answers those on the machine.
    bench.hosts["b"].unplug()
    wait_until("b to be in fault", lambda: bench.get_here("b", "/primary") == (503, "rabbit fault\n"), 15)
    assert bench.get_here("b", "/health")[0] == 200
    assert '"fault"' in bench.get_here("b", "/api/1/vrrp")[1]
    bench.hosts["b"].plug()
    wait_until("b to be backup again", lambda: bench.get("b", "/primary")[1] == "rabbit backup\n", 20)


def metrics(bench):
    status, text = bench.get("a", "/metrics")
    assert status == 200
    if shutil.which("promtool"):
        said = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
        assert (said.returncode, said.stdout + said.stderr) == (0, ""), said.stdout + said.stderr
    else:
        print("promtool is not here (Debian: prometheus): its opinion of the metrics is not asked")
    assert bench.value("a", 'warren_vrrp_state{router="rabbit",vrid="51",interface="eth0",state="master"}') == 1
    assert bench.value("b", 'warren_vrrp_state{router="rabbit",vrid="51",interface="eth0",state="backup"}') == 1
    first = f'service="{VIP}:5672",server="192.168.8.11:5672"'
    wait_until("both servers", lambda: bench.value("a", f'warren_service_servers{{service="{VIP}:5672",state="up"}}') == 2, 15)
    before = bench.value("a", f"warren_service_connections_total{{service=\"{VIP}:5672\"}}")
    program = f"import socket\nfor _ in range(6): socket.create_connection(('{VIP}', 5672), 5).close()\n"
    bench.hosts["client"].run("/usr/bin/python3", "-c", program)
    wait_until("six connections", lambda: bench.value("a", f'warren_service_connections_total{{service="{VIP}:5672"}}') == before + 6, 10)
    wait_until("their connect times", lambda: bench.value("a", f'warren_service_connect_seconds_count{{service="{VIP}:5672"}}') >= 6, 10)
    assert bench.value("a", f"warren_server_check_up{{{first}}}") == 1
    assert bench.value("a", f'warren_server_checks_total{{{first},result="passed"}}') > 0
    series = bench.metrics("a")
    counted = [sum(value for key, value in series.items() if key.startswith(f"warren_server_{name}{{"))
               for name in ("attempts_total", "connections_total", "connect_seconds_count")]
    assert counted[0] == counted[1] == counted[2] >= 6, counted
    assert [bench.value(name, f'warren_service_owned{{service="{VIP}:5672"}}') for name in "ab"] == [1, 0]
    hashes = [re.search(r'warren_config_info\{hash="(\w+)"', bench.get(name, "/metrics")[1])[1] for name in "ab"]
    assert hashes[0] == hashes[1], "a pair has the same, whatever its priorities"
    assert all(bench.value("a", f'warren_mbufs{{pool="{pool}",state="free"}}') > 0 for pool in ("packets", "large", "control"))
    # The same numbers as `show counters`, and what it has as a family of its own.
    shown = {row["name"]: row["total"] for row in bench.test.ctl(bench.hosts["a"], "show", "counters") if row["group"] == "worker"}
    assert bench.value("a", 'warren_worker_events_total{worker="0",kind="arp_replies"}') >= shown["arp_replies"] > 0
    assert set(bench.metrics("a", "?scope=vrrp")) < set(bench.metrics("a"))
    assert bench.get("a", "/metrics?scope=nonsense")[0] == 400


def other_forms(bench):
    rows = list(csv.DictReader(io.StringIO(bench.get("a", "/haproxy;csv")[1].removeprefix("# "))))
    assert [row["svname"] for row in rows] == ["FRONTEND", "192.168.8.11:5672", "192.168.8.12:5672", "BACKEND"], rows
    assert rows[1]["status"] == "UP" and rows[3]["act"] == "2"
    for view in ("status", "vrrp", "servers"):
        ours = json.loads(bench.get("a", f"/api/1/{view}")[1])
        assert ours["schema"] == 1 and ours["instance"] == bench.hosts["a"].namespace
        theirs = bench.test.ctl(bench.hosts["a"], "show", view)
        assert set(ours["rows"][0]) <= set(theirs if isinstance(theirs, dict) else theirs[0]), view
    events = json.loads(bench.get("a", "/api/1/events")[1])["rows"]
    last = json.loads(bench.get("a", f"/api/1/events?since={events[-1]['number']}")[1])["rows"]
    assert last[0]["number"] == events[-1]["number"]
    for path in ("/", "/metrics", "/haproxy;csv", "/api/1/vrrp", "/api/1/events"):
        assert PASSWORD not in bench.get("a", path)[1], path
    for method in ("POST", "PUT", "DELETE"):
        assert bench.get("a", "/", "-X", method)[0] == 405, method
    assert len(bench.get("a", "/")[1]) < 60_000
    headers = bench.get("a", "/", "-I")[1].lower()
    assert "content-security-policy: default-src 'none'" in headers and "nosniff" in headers, headers


def flows(bench):
    """A connection and its bytes, over HTTP and when it has ended."""
    client = bench.hosts["client"]
    program = (f"import socket, sys\ns = socket.create_connection(('{VIP}', 5672), 5)\ns.sendall(b'x' * 900)\ngot = b''\n"
               "while len(got) < 904: got += s.recv(2000)\nprint(s.getsockname()[1], flush=True)\nsys.stdin.read()\n")
    holder = client.popen("/usr/bin/python3", "-c", program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    port = holder.stdout.readline().strip()
    answer = json.loads(bench.get("a", f"/api/1/flows?client=192.168.8.50:{port}&state=established")[1])
    row, = answer["rows"]
    assert row["to_server_bytes"] == 900 and row["to_client_bytes"] == 904 and answer["next"] is None, answer
    assert bench.test.ctl(bench.hosts["a"], "show", "flows", "client", f"192.168.8.50:{port}")[0].keys() == row.keys()
    assert json.loads(bench.get("a", "/api/1/flows?client=10.9.9.9")[1])["rows"] == []
    assert bench.get("a", "/api/1/flows?clinet=1")[0] == 400
    holder.communicate()
    ended = wait_until("its end", lambda: bench.test.ctl(bench.hosts["a"], "ended", "client", f"192.168.8.50:{port}"), 10)
    assert [(row["to_server_bytes"], row["to_client_bytes"]) for row in ended] == [(900, 904)], ended


def crowds(bench):
    """Neither a hundred scrapers nor a thousand who never finish delay an advert or take the address away."""
    transitions = bench.value("b", 'warren_vrrp_became_master_total{router="rabbit"}')
    client = bench.hosts["client"]
    for _ in range(3):
        whole, longest = client.run("/usr/bin/python3", "-c", SCRAPERS, "http://192.168.8.4:9721/metrics", "100").stdout.split()
        assert whole == "100", whole
        print(f"a hundred scrapers: the last had it after {float(longest) * 1000:.0f} ms")
    slow = client.popen("/usr/bin/python3", "-c", SLOW, "192.168.8.4", "1000", stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert slow.stdout.readline() == "held\n"
    sent = bench.test.ctl(bench.hosts["a"], "show", "vrrp")[0]["adverts_sent"]
    wait_until("five more adverts", lambda: bench.test.ctl(bench.hosts["a"], "show", "vrrp")[0]["adverts_sent"] >= sent + 5, 15)
    slow.stdin.close()
    slow.wait()
    wait_until("an answer again", lambda: bench.get("a", "/health")[0] == 200, 20)
    assert bench.value("a", 'warren_vrrp_late_adverts_total{router="rabbit"}') == 0
    assert bench.value("b", 'warren_vrrp_became_master_total{router="rabbit"}') == transitions


def reload(bench):
    file = bench.test.folder / "a.conf"
    since = bench.value("a", 'warren_vrrp_last_transition_timestamp_seconds{router="rabbit"}')
    file.write_text(bench.config("a", ["192.168.8.4:9722"]), encoding="utf-8")
    bench.test.ctl(bench.hosts["a"], "reload")
    wait_until("the other port", lambda: bench.get("a", "/health", port=9722)[0] == 200, 10)
    assert bench.get("a", "/health")[0] == 0
    assert not pathlib.Path(bench.socket.replace("%i", bench.hosts["a"].namespace)).exists()
    file.write_text(bench.config("a"), encoding="utf-8")
    bench.test.ctl(bench.hosts["a"], "reload")
    wait_until("the first port", lambda: bench.get("a", "/health")[0] == 200, 10)
    now = bench.value("a", 'warren_vrrp_last_transition_timestamp_seconds{router="rabbit"}')
    assert abs(now - since) < 0.1, "the router has not noticed"
    assert bench.value("a", 'warren_reloads_total{result="taken"}') == 2
    file.write_text("nonsense {\n", encoding="utf-8")
    bench.hosts["a"].run(bench.test.program("app/warrenctl/warrenctl"), "--instance", bench.hosts["a"].namespace, "reload", check=False)
    wait_until("a refused reload", lambda: bench.value("a", "warren_config_last_reload_successful") == 0, 5)
    assert bench.value("a", 'warren_health_reason{reason="reload_refused"}') == 1
    file.write_text(bench.config("a"), encoding="utf-8")
    bench.hosts["a"].run(bench.test.program("app/warrenctl/warrenctl"), "--instance", bench.hosts["a"].namespace, "reload")
    wait_until("a reload that is taken up", lambda: bench.value("a", "warren_config_last_reload_successful") == 1, 5)


class Browser:
    def __init__(self, bench, url):
        log = open(bench.test.folder / "browser.log", "ab")
        self.process = bench.hosts["client"].popen(
            "/usr/bin/python3", str(REPOSITORY / "tests/functional/page_in_browser.py"), url, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=log, text=True)
        log.close()

    def __call__(self, *words):
        print(*words, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        assert answer, f"the browser has ended at {words}"
        return json.loads(answer)


def has_browser():
    has = run("/usr/bin/python3", "-c", "import selenium", check=False).returncode == 0
    return has and shutil.which("chromium") and shutil.which("chromedriver")


def with_guests(bench, browser):
    """For the README's picture: clients, until the page has something to draw."""
    guests = bench.hosts["client"].popen("/usr/bin/python3", "-c", GUESTS, VIP, stdin=subprocess.PIPE)
    browser("open", 1280)
    wait_until("history", lambda: bench.value("a", f'warren_service_connections_total{{service="{VIP}:5672"}}') > 150, 120)
    return guests


def page(bench, warren, pictures):
    browser = Browser(bench, "http://192.168.8.4:9721/")
    for width in (1280, 390):
        for scheme in ("light", "dark"):
            found = browser("open", width, "js", scheme)
            assert (found["wrong"], found["console"], found["elsewhere"]) == ([], [], []), (width, scheme, found)
            print(f"{width} px, {scheme}: first paint after {found['paint_ms']:.0f} ms")
            assert found["paint_ms"] < 2_000
            if pictures:
                browser("picture", f"{pictures}/page-{width}-{scheme}.png", "full" if width < 600 else "")
    browser("open", 1280)
    browser("sort", "service0", 1)
    browser("sort", "service0", 1)
    down = ["192.168.8.12:5672", "192.168.8.11:5672"]
    assert browser("column", "service0", 1) == down
    assert browser("title").startswith("MASTER 2/2"), browser("title")
    guests = with_guests(bench, browser) if pictures else None
    if guests:
        browser("sort", "service0", 1)
        browser("sort", "service0", 1)
    bench.hosts["one"].kill_all()
    wait_until("the row of the killed server", lambda: browser("column", "service0", 2) == ["up", "down"], 10)
    assert browser("column", "service0", 1) == down, "the order is its reader's"
    assert "192.168.8.11:5672 is down" in browser("text")
    if pictures:
        wait_until("what its clients are told", lambda: "server_down" in browser("text"), 10)
        browser("picture", f"{pictures}/page-server-down.png")
        guests.communicate(b"")
    assert browser("title").startswith("MASTER 1/2"), browser("title")
    assert browser("log")["console"] == []
    found = browser("open", 1280, "nojs")
    assert "192.168.8.11:5672 is down" in browser("text") and "Last 10 min" not in browser("text")
    browser("open", 1280)
    warren.kill()
    wait_until("the page to say that it is old", lambda: browser("stale"), 15)
    browser.process.stdin.close()
    browser.process.wait()


def main(test):
    bench = Bench(test)
    for name in ("one", "two"):
        test.start_name_echo(bench.hosts[name], name, log=f"{name}-server.log")
    warren = bench.start("a")
    bench.start("b")
    for part in (health_and_primary, metrics, other_forms, flows, crowds, reload):
        part(bench)
        print(part.__name__, "done", flush=True)
    if has_browser():
        page(bench, warren, sys.argv[2] if len(sys.argv) > 2 else "")
    else:
        print("no browser is here (Debian: chromium-driver, python3-selenium): the page is not looked at")


if __name__ == "__main__":
    Test.main(main)
