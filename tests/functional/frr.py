# SPDX-License-Identifier: BSD-3-Clause
"""FRR's daemons on a host, with a folder of their own for sockets and configuration.

    frr = Frr(test, host)
    frr.start({"bfdd": "bfd\\n peer ...\\n"})     zebra first, then the others
    frr.vtysh("show bfd peers json")
"""

import shutil

from harness import wait_until


class Frr:
    def __init__(self, test, host):
        self.test = test
        self.host = host
        self.folder = test.folder / f"{host.name}-frr"
        self.processes = {}

    def start(self, daemons):
        """Anew, with each daemon's configuration."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        self.test.folder.chmod(0o711)    # they give up root
        shutil.chown(self.folder, "frr", "frr")
        self.processes = {}
        self._start("zebra", "")
        wait_until("zebra to listen", (self.folder / "zserv").exists, 10)    # vrrpd asks it once, then only ten seconds later
        for name, config in daemons.items():
            self._start(name, config)

    def _start(self, name, config):
        (self.folder / f"{name}.conf").write_text(f"log stdout debugging\n{config}", encoding="utf-8")
        self.restart(name)

    def restart(self, name):
        """One daemon with the configuration that it had."""
        options = ["-u", "frr", "-g", "frr", "--vty_socket", str(self.folder), "-z", str(self.folder / "zserv"), "-P", "0",
                   "-f", str(self.folder / f"{name}.conf"), "-i", str(self.folder / f"{name}.pid")]
        if name == "bfdd":
            options += ["--bfdctl", str(self.folder / "bfdd.sock")]
        self.processes[name] = self.test.start(self.host, self.test.program(f"../lib/frr/{name}"), *options,
                                               log=f"{self.host.name}-{name}.log")

    def vtysh(self, *commands):
        words = [word for command in commands for word in ("-c", command)]
        return self.host.run(self.test.program("vtysh"), "--vty_socket", str(self.folder), *words, check=False).stdout
