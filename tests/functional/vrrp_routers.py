# SPDX-License-Identifier: BSD-3-Clause
"""VRRP routers of three makes (warren, keepalived, FRR's vrrpd) for functional tests: configuration, start, stop."""

import dataclasses
import os
import signal

from frr import Frr
from lan import link_local

VIP = {4: "192.168.8.100", 6: "fe80::100"}
PREFIX = {4: 24, 6: 64}


@dataclasses.dataclass(frozen=True)
class Settings:
    """What both routers of a pair agree on."""
    version: int = 3
    family: int = 4
    advert_int: float = 0.25
    auth: str = ""
    unicast: bool = False
    vmac: bool = False
    vrid: int = 51
    vips: tuple = ()
    more: str = ""    # further lines of the vrrp_instance

    def addresses(self):
        return self.vips or (VIP[self.family],)

    def virtual_mac(self):
        return f"00:00:5e:00:{1 if self.family == 4 else 2:02x}:{self.vrid:02x}"

    def skew_s(self, priority):
        return (256 - priority) / 256 * (self.advert_int if self.version == 3 else 1)

    def master_down_s(self, priority):
        return 3 * self.advert_int + self.skew_s(priority)


def instance(settings, priority, own="", peer="", name="VI_1"):
    """One vrrp_instance as both keepalived and warren read it."""
    lines = ["state BACKUP", "interface eth0", f"virtual_router_id {settings.vrid}", f"priority {priority}",
             f"version {settings.version}", f"advert_int {settings.advert_int}"]
    if settings.vmac:
        lines.append("use_vmac")
    if settings.auth:
        lines += ["authentication {", f"    auth_type {settings.auth}", "    auth_pass 1111", "}"]
    if settings.unicast:
        lines += [f"unicast_src_ip {own}", "unicast_peer {", f"    {peer}", "}"]
    lines += settings.more.splitlines()
    lines += ["virtual_ipaddress {", *(f"    {a}/{PREFIX[settings.family]}" for a in settings.addresses()), "}"]
    return f"vrrp_instance {name} {{\n" + "".join(f"    {line}\n" for line in lines) + "}\n"


class Router:
    """One router on one host; start() and stop() may be called again and again."""

    def __init__(self, test, make, name, number):
        self.test = test
        self.make = make
        self.name = name
        self.v4 = f"192.168.8.{number}"
        self.v6 = f"fd00:8::{number}"
        self.host = test.network.add_host(name, f"{self.v4}/24", f"{self.v6}/64")
        self.mac = self.host.mac()
        self.starts = 0
        self.processes = []

    def address(self, settings):
        """The source address of its adverts (unicast: the one in the configuration)."""
        if settings.family == 4:
            return self.v4
        return self.v6 if settings.unicast else link_local(self.mac)

    def service_mac(self, settings):
        return settings.virtual_mac() if settings.vmac or self.make == "frr" else self.mac

    def start(self, config):
        """config: what instance() makes, or several of them; for FRR its Settings and priority."""
        self.starts += 1
        getattr(self, f"_start_{self.make}")(config)

    def _start_warren(self, config):
        (self.test.folder / f"{self.name}.log").unlink(missing_ok=True)    # "ready" must be the new one's
        self.processes = [self.test.start_warren(self.host, config)]

    def _start_keepalived(self, config):
        folder = self.test.folder
        file = folder / f"{self.name}-keepalived.conf"
        file.write_text(f"global_defs {{\n    router_id {self.name}\n}}\n{config}", encoding="utf-8")
        pids = [word for kind in "prcb" for word in (f"-{kind}", str(folder / f"{self.name}-{self.starts}-{kind}.pid"))]
        self.processes = [self.test.start(self.host, self.test.program("keepalived"), "-n", "-l", "-D", "-P", "-f", str(file),
                                          *pids, log=f"{self.name}-keepalived.log")]

    def _start_frr(self, config):
        settings, priority = config
        kind = {4: "ip", 6: "ipv6"}[settings.family]
        device = f"vrrp{settings.family}-{settings.vrid}"
        commands = [
            "sysctl -q -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.eth0.arp_ignore=1",
            f"ip link add {device} link eth0 type macvlan mode bridge",
            f"ip link set dev {device} address {settings.virtual_mac()}",
            f"sysctl -q -w net.ipv6.conf.{device}.accept_dad=0",
            *(f"ip addr add {a}/{PREFIX[settings.family]} dev {device} {'nodad' * (settings.family == 6)}"
              for a in settings.addresses()),
            f"ip link set dev {device} up"]
        if self.starts == 1:
            self.host.run("sh", "-ec", "\n".join(commands))
        lines = [f"vrrp {settings.vrid} version 3", f"vrrp {settings.vrid} priority {priority}",
                 f"vrrp {settings.vrid} advertisement-interval {round(settings.advert_int * 1000)}",
                 *(f"vrrp {settings.vrid} {kind} {a}" for a in settings.addresses())]
        frr = Frr(self.test, self.host)
        frr.start({"vrrpd": "interface eth0\n" + "".join(f" {line}\n" for line in lines)})
        self.processes = list(frr.processes.values())

    def stop(self):
        """SIGTERM to the one that speaks VRRP; waits until it has ended."""
        process = self.processes[-1]
        os.kill(process.pid, signal.SIGTERM)
        status = process.wait(10)
        assert self.make != "warren" or status == 0, f"warren on {self.name} ended with status {status}"
        for other in self.processes[:-1]:
            os.kill(other.pid, signal.SIGTERM)
            other.wait(10)

    def show_vrrp(self):
        """Rows of warrenctl --json show vrrp."""
        return self.test.ctl(self.host, "show", "vrrp")
