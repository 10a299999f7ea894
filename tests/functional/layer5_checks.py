#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Each of keepalived's checks from up to down to up, with the times that it took, against real servers: HTTP_GET with the digest
that keepalived's genhash prints, SSL_GET with SNI and a regular expression, MISC_CHECK with dynamic weights and a script that
hangs, SMTP_CHECK, DNS_CHECK, UDP_CHECK, FILE_CHECK. keepalived itself accepts the same file.

    layer5_checks.py BUILD
"""

import pathlib
import re
import sys
import time

from harness import Test, wait_until

VIP = "192.168.8.100"
HELD_S = 3.0       # at most, from what happens to what `show servers` says: delay_loop, a retry, and a busy machine
PORTS = {"http": 8080, "https": 8443, "misc": 9, "smtp": 2525, "dns": 53, "udp": 7, "file": 9}
NUMBERS = {"http": 11, "https": 12, "misc": 13, "smtp": 14, "dns": 15, "udp": 16, "file": 17}


def address(name):
    return f"192.168.8.{NUMBERS[name]}"


def checks(folder, digest):
    timing = "connect_timeout 1\nretry 1\ndelay_before_retry 0.1\n"
    return {
        "http": f"HTTP_GET {{\n{timing}url {{\npath /page\ndigest {digest}\nstatus_code 200 299\n}}\n"
                "url {\npath /other\nvirtualhost web.example\n}\n}",
        "https": f'SSL_GET {{\n{timing}enable_sni\nhttp_protocol 1.1\nurl {{\npath /\nregex "status: HEALTHY"\n'
                 "regex_options caseless\nvirtualhost tls.example\n}\n}",
        "misc": f'MISC_CHECK {{\nmisc_path "{folder}/check.sh one \'two words\'"\nmisc_timeout 1\nmisc_dynamic\nuser root\n}}',
        "smtp": f"SMTP_CHECK {{\n{timing}helo_name warren.example\n}}",
        "dns": f"DNS_CHECK {{\n{timing}type A\nname broker.example\n}}",
        "udp": f"UDP_CHECK {{\n{timing}payload 0a 0b\nrequire_reply 0A XX 01\nmin_reply_length 3\n}}",
        "file": "FILE_CHECK {\ntrack_file load\nweight 10\n}\nFILE_CHECK {\ntrack_file maintenance\nweight 0\n}",
    }


def config(folder, digest):
    services = ""
    for port, (name, check) in enumerate(checks(folder, digest).items(), 7000):
        services += f"""virtual_server {VIP} {port} {{
    delay_loop 0.2
    lb_kind NAT
    lb_algo wrr
    protocol TCP
    real_server {address(name)} {PORTS[name]} {{
        weight 5
        {check}
    }}
}}
"""
    return f"""global_defs {{
    script_user root
    enable_script_security
}}
track_file load {{
    file {folder}/load
    init_file 0
}}
track_file maintenance {{
    file {folder}/maintenance
    init_file 0
}}
vrrp_instance VI_1 {{
    interface eth0
    virtual_router_id 51
    priority 120
    advert_int 1
    virtual_ipaddress {{
        {VIP}/24
    }}
}}
""" + services


class Bench:
    def __init__(self, test):
        self.test, self.folder = test, test.folder
        self.host = test.network.add_host("warren", "192.168.8.4/24")
        self.servers = test.network.add_host("servers", "192.168.8.11/24")
        for number in range(12, 18):
            self.servers.run("ip", "addr", "add", f"192.168.8.{number}/24", "dev", "eth0")
        key, certificate = self.folder / "key.pem", self.folder / "cert.pem"
        self.servers.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
                         "-subj", "/CN=tls.example", "-keyout", str(key), "-out", str(certificate))
        script = self.folder / "check.sh"
        script.write_text(f'#!/bin/sh\n[ "$#" = 2 ] && [ "$2" = "two words" ] || exit 1\nread status < {self.folder}/misc\n'
                          f'[ "$status" = hang ] && {{ sleep 300 & echo $! > {self.folder}/hanging; wait; }}\nexit "$status"\n',
                          encoding="utf-8")
        script.chmod(0o755)
        self.write("misc", "0")
        test.start(self.servers, sys.executable, str(pathlib.Path(__file__).parent / "layer5_servers.py"), str(self.folder),
                   str(certificate), str(key), log="servers.log")
        wait_until("the servers", lambda: "serving" in test.log("servers.log"), 20)

    def write(self, name, text):
        """As an editor does: nobody reads half of it."""
        new = self.folder / f"{name}.new"
        new.write_text(f"{text}\n", encoding="utf-8")
        new.rename(self.folder / name)

    def digest(self):
        out = self.host.run(self.test.program("genhash"), "-s", address("http"), "-p", str(PORTS["http"]), "-u", "/page").stdout
        return re.search(r"\b[0-9a-f]{32}\b", out).group(0)

    def row(self, name):
        server = f"{address(name)}:{PORTS[name]}"
        return next(r for r in self.test.ctl(self.host, "show", "servers") if r["server"] == server)

    def times(self, name, state, act, **more):
        """How long it took from act() until the server has that state."""
        begin = time.monotonic()
        act()

        def there():
            row = self.row(name)
            return row["state"] == state and all(row[key] == value for key, value in more.items())
        wait_until(f"{name} to be {state} {more or ''}, not {self.row(name)}", there, 15)
        return time.monotonic() - begin

    def down_and_up(self, name):
        mark = self.folder / f"{name}.down"
        down = self.times(name, "down", mark.touch)
        reason = self.row(name)["check"]
        up = self.times(name, "up", mark.unlink)
        print(f"{name}: down after {down:.2f} s ({reason}), up after {up:.2f} s", flush=True)
        assert down < HELD_S and up < HELD_S, (down, up)
        return reason


def keepalived_accepts(bench, file):
    checked = bench.host.run("sh", "-c", f"{bench.test.program('keepalived')} --log-console -t -f {file} 2>&1", check=False)
    text = checked.stdout
    unknown = [line for line in text.splitlines() if "nknown" in line or "error" in line.lower()]
    assert checked.returncode == 0 and not unknown, text


def servers_that_talk(bench):
    assert bench.down_and_up("http") in ("/page: HTTP status 503", "/other: HTTP status 503")
    requests = (bench.folder / "requests").read_text(encoding="utf-8")
    assert f"http /page HTTP/1.0 {address('http')}:{PORTS['http']}\n" in requests, requests
    assert "http /other HTTP/1.0 web.example\n" in requests, requests
    assert "https / HTTP/1.1 tls.example\n" in requests, requests
    assert bench.down_and_up("https") == "/: regex does not match"
    assert (bench.folder / "sni").read_text(encoding="utf-8") == "tls.example"
    assert bench.down_and_up("smtp") == "greeting '554', not 220"
    assert bench.down_and_up("dns") == "answer SERVFAIL (rcode 2)"
    assert bench.down_and_up("udp") == "Connection refused"


def a_script(bench):
    down = bench.times("misc", "down", lambda: bench.write("misc", "1"))
    up = bench.times("misc", "up", lambda: bench.write("misc", "0"), weight=5)
    heavier = bench.times("misc", "up", lambda: bench.write("misc", "22"), weight=20)
    bench.times("misc", "up", lambda: bench.write("misc", "2"), weight=0, effective_weight=0)
    bench.times("misc", "up", lambda: bench.write("misc", "0"), weight=0)
    bench.times("misc", "up", lambda: bench.write("misc", "7"), weight=5)
    hung = bench.times("misc", "down", lambda: bench.write("misc", "hang"))
    assert bench.row("misc")["check"] == "timed out"
    bench.times("misc", "up", lambda: bench.write("misc", "0"))
    print(f"misc: down after {down:.2f} s, up after {up:.2f} s, weight 20 after {heavier:.2f} s, hung after {hung:.2f} s", flush=True)
    assert max(down, up, heavier) < HELD_S and hung < 1 + 2 + HELD_S    # misc_timeout, and from TERM to KILL
    pid = int((bench.folder / "hanging").read_text(encoding="utf-8"))
    wait_until("the script's child to be gone too", lambda: not pathlib.Path(f"/proc/{pid}").exists(), 5)


def a_file(bench):
    heavier = bench.times("file", "up", lambda: bench.write("load", "3"), weight=35)
    lighter = bench.times("file", "up", lambda: bench.write("load", "-1"), weight=0)
    bench.times("file", "up", lambda: bench.write("load", "0"), weight=5)
    down = bench.times("file", "down", lambda: bench.write("maintenance", "1"))
    assert bench.row("file")["check"] == "track_file maintenance says 1"
    up = bench.times("file", "up", lambda: bench.write("maintenance", "0"))
    print(f"file: weight 35 after {heavier:.2f} s, 0 after {lighter:.2f} s, down after {down:.2f} s, up after {up:.2f} s", flush=True)
    assert max(heavier, lighter, down, up) < HELD_S


def body(test):
    bench = Bench(test)
    digest = bench.digest()
    text = config(test.folder, digest)
    test.start_warren(bench.host, text)
    for name in NUMBERS:
        wait_until(f"{name} to be checked", lambda n=name: bench.row(n)["check"] == "ok" and bench.row(n)["state"] == "up", 15)
    servers_that_talk(bench)
    a_script(bench)
    a_file(bench)
    keepalived_accepts(bench, test.folder / "warren.conf")


Test.main(body)
