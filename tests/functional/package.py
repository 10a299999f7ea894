#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The Debian packages: lintian has nothing against them, documentation is one of its own, what it installs serves nothing by itself, who does what the
README says is served, an upgrade leaves a running warren alone, and a purge leaves nothing. It is made of the programs of the build folder, and installed into a layer over this
machine's root that nobody else sees: dpkg, its database and the packages it depends on are the real ones, systemd is not.

    package.py BUILD
"""
import contextlib
import ctypes
import os
import pathlib
import re
import shutil
import socket
import subprocess
import time

from harness import REPOSITORY, LabError, Skip, Test, wait_until

HERE = pathlib.Path(__file__).parent
CLONE_NEWNS, MS_REC, MS_PRIVATE, MS_BIND = 0x20000, 0x4000, 0x40000, 0x1000
CONFIG = pathlib.Path("etc/warren/warren.conf")
DEFAULTS = pathlib.Path("etc/default/warren")
LOG = pathlib.Path("var/log/warren/warren.log")
VIP = "192.168.8.100"   # of the example that is installed
DRIVERS = next(pathlib.Path("/usr/lib").glob("*/dpdk/pmds-*"))
WANTED = pathlib.Path("etc/systemd/system/multi-user.target.wants/warren.service")
# What dpkg and its triggers keep for all packages, and the user that stays.
HOUSEKEEPING = re.compile(r"var/lib/dpkg/|var/log/(dpkg|alternatives)|var/cache/|etc/(passwd|group|shadow|gshadow|subuid|subgid)-?$|"
                          r"etc/\.pwd\.lock$|etc/ld\.so\.cache|var/lib/systemd/catalog/|usr/bin/systemctl|run/systemd/|calls$")
# What only changes links is done; what is asked of a running systemd is written down.
SYSTEMCTL = """#!/bin/sh
case $1 in --root=/) exec /usr/bin/systemctl.real "$@" ;; esac
echo "$*" >> /calls
"""


def call(*words, **options):
    result = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                            **options)
    if result.returncode != 0:
        raise LabError(f"{words}: status {result.returncode}\n{result.stdout}")
    return result.stdout


class Machine:
    """This machine as a package finds it, with its changes in a layer of their own."""

    def __init__(self, folder):
        self.root, self.changes = folder / "root", folder / "changes"
        for path in (self.root, self.changes, folder / "work"):
            path.mkdir()
        layers = f"lowerdir=/,upperdir={self.changes},workdir={folder / 'work'}"
        try:
            call("mount", "-t", "overlay", "overlay", "-o", layers, self.root)
        except LabError as error:
            raise Skip(f"no overlay file system here: {error}") from error
        for kernels in ("proc", "dev", "sys"):
            call("mount", "--rbind", f"/{kernels}", self.root / kernels)
        (self.root / "run/systemd/system").mkdir(parents=True, exist_ok=True)
        systemctl = self.root / "usr/bin/systemctl"
        systemctl.rename(systemctl.with_suffix(".real"))
        systemctl.write_text(SYSTEMCTL, encoding="utf-8")
        systemctl.chmod(0o755)
        (self.root / "usr/sbin/policy-rc.d").unlink(missing_ok=True)
        self.before = self.changed()

    def changed(self):
        paths = (path.relative_to(self.changes) for path in self.changes.rglob("*") if path.is_symlink() or not path.is_dir())
        return {str(path) for path in paths if not HOUSEKEEPING.match(str(path))}

    def dependencies(self):
        """Packages without which apt does not install warren, down to the last."""
        asked = ("apt-cache", "depends", "--recurse", "--important", "--installed", "warren")
        return set(re.findall(r"^(\w[\w.+-]*)$", self.run(*asked), re.M)) - {"warren"}

    @contextlib.contextmanager
    def drivers_of_dependencies(self):
        """This machine has all of DPDK; a fresh one has what apt brings. Other drivers are out of sight."""
        drivers = self.root / pathlib.Path(*DRIVERS.parts[1:])
        brought = {line for package in self.dependencies() for line in self.run("dpkg", "-L", package).splitlines()
                   if line.startswith(f"{DRIVERS}/")}
        assert brought, "no driver of DPDK is among the dependencies"
        few = self.root / "run/drivers"
        few.mkdir()
        for path in brought:
            source = self.root / path[1:]
            (few / source.name).symlink_to(os.readlink(source)) if source.is_symlink() else shutil.copy(source, few)
        call("mount", "--bind", few, drivers)
        try:
            yield
        finally:
            call("umount", drivers)
            shutil.rmtree(few)

    def folders(self):
        return {str(path.relative_to(self.changes)) for path in self.changes.rglob("*warren*")}

    def run(self, *words):
        return call("chroot", self.root, "env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8", *words)

    def asked_of_systemd(self):
        """What was asked since the last time."""
        calls = self.root / "calls"
        asked = calls.read_text(encoding="utf-8").splitlines() if calls.exists() else []
        calls.unlink(missing_ok=True)
        return [words for words in asked if not re.search("daemon-reload|is-enabled|is-active|show", words)]

    def write(self, path, text):
        path = self.root / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@contextlib.contextmanager
def machine(folder):
    """For this process alone, so that whatever happens no mount is left."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.unshare(CLONE_NEWNS)
    libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None)
    call("mount", "-t", "tmpfs", "warren-package", folder)
    try:
        yield Machine(folder)
    finally:
        call("umount", "--recursive", "--lazy", folder)


def build(test):
    folder = test.folder / "packages"
    call(REPOSITORY / "tools/package", "--programs", test.build, folder)
    packages = {package.name.split("_")[0]: package for package in folder.glob("*.deb")}
    assert sorted(packages) == ["warren", "warren-doc"], packages
    return packages["warren"], packages["warren-doc"]


def lintian_is_content(packages):
    said = call("lintian", "--allow-root", "--fail-on", "error,warning", *packages)
    assert not said.strip(), said


def newer(package, folder):
    """The same as an upgrade."""
    call("dpkg-deb", "-R", package, folder)
    control = folder / "DEBIAN/control"
    control.write_text(re.sub(r"^(Version: .*)$", r"\1+1", control.read_text(), flags=re.M))
    defaults = folder / DEFAULTS
    defaults.write_text(defaults.read_text() + "# new\n")
    target = package.with_name("newer.deb")
    call("dpkg-deb", "-Znone", "-b", folder, target)
    return target


def installation(machine, package):
    machine.run("dpkg", "-i", package)
    assert (asked := machine.asked_of_systemd()) == [], f"an installation starts nothing: {asked}"
    assert not (machine.root / CONFIG).exists(), "a live configuration was installed"
    assert (machine.root / WANTED).is_symlink(), "it does not start at boot once it is configured"
    assert "\nwarren:" in (machine.root / "etc/passwd").read_text(), "no user warren"
    assert machine.run("stat", "-c", "%U:%G %a", "/etc/warren").strip() == "root:warren 2750"
    unit = (machine.root / "lib/systemd/system/warren.service").read_text()
    assert "ExecStart=/usr/sbin/warren --config /etc/warren/warren.conf" in unit, unit
    assert (machine.root / "usr/share/zsh/vendor-completions/_warrenctl").exists(), "no completion for zsh"
    assert "Defined-By: Warren" in (machine.root / "usr/lib/systemd/catalog/warren.catalog").read_text()
    wished = (machine.root / "etc/sysctl.d/warren.conf").read_text().splitlines()
    assert wished and all(not line or line.startswith("#") for line in wished), "an installation changes the kernel's settings"
    assert "ConditionFileNotEmpty=/etc/warren/warren.conf" in unit, unit


def documentation(machine, package):
    """Apart, where links of the README lead."""
    place = machine.root / "usr/share/doc/warren"
    assert (place / "README.md").exists() and not (place / "docs").exists(), "the program brings its documentation"
    machine.run("dpkg", "-i", package)
    pages = {path for path in (REPOSITORY / "docs").rglob("*") if path.is_file() and path.parent.name != "man"}
    missing = [page for page in pages if not (place / page.relative_to(REPOSITORY)).exists()]
    assert pages and not missing, f"not in warren-doc: {missing}"
    links = re.findall(r"\]\((docs/[^)#]+)", (place / "README.md").read_text(encoding="utf-8"))
    assert links and not [link for link in links if not (place / link).exists()], f"of README.md leads nowhere: {links}"


def documented_start():
    """The README's commands behind the installation, as words; README.Debian has the same."""
    here, there = ([re.sub(r" +#.*", "", line).split() for line in re.search(r"((?:^    .+\n)*^    systemctl start .+\n(?:^    .+\n)*)",
                   (REPOSITORY / page).read_text(encoding="utf-8"), re.M)[1].splitlines()]
                   for page in ("README.md", "debian/warren.README.Debian"))
    assert here[0][:2] == ["apt", "install"] and here[1:] == there, f"{here} but {there}"
    return there


def as_systemd(test, machine, host, notify):
    """Starts what the unit starts, as it starts it; runs until the host is killed."""
    unit = (machine.root / "lib/systemd/system/warren.service").read_text()
    command = re.search(r"^ExecStart=(.*?) \$WARREN_OPTIONS$", unit, re.M)[1].split()
    machine.run("install", "-d", "-m", "750", "-o", "warren", "-g", "warren", "/run/warren")
    caged = [str(REPOSITORY / "tests/functional/cage.py"), "/lib/systemd/system/warren.service", *command]
    return test.start(host, "sh", "-c", 'mount -t sysfs sysfs "$0/sys" && exec chroot "$0" env "$@"', str(machine.root),
                      f"NOTIFY_SOCKET={notify}", "XDG_RUNTIME_DIR=/run/warren", *caged, log="installed.log")


def new_user(test, machine, host, client):
    """From an installation to an address that is served, by what the package says."""
    began = time.monotonic()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(machine.root / "run/said"))
        (machine.root / "run/said").chmod(0o777)
        notify.settimeout(30)
        process = None
        for words in documented_start():
            if words[0] == "editor":    # the example's addresses are those of this network
                continue
            if words[:2] == ["systemctl", "start"]:
                process = as_systemd(test, machine, host, "/run/said")
                while "READY=1" not in notify.recv(4096).decode():
                    pass    # its status
            elif words[0] == "warrenctl":
                wait_until("the VIP", lambda: client.run("/usr/bin/python3", str(HERE / "who_has.py"), VIP).stdout.strip(), 10)
                assert f"{VIP}:5672" in machine.run(*words), "warrenctl does not find the unit's"
            else:
                machine.run(*words)
    assert (took := time.monotonic() - began) < 60, f"it took {took} s"
    print(f"from the installation to the served address: {took:.1f} s")
    process.terminate()
    assert process.wait(15) == 0, test.log("installed.log")
    (machine.root / "run/said").unlink()


def upgrade(machine, package):
    mine = "# this machine's\n"
    machine.write(CONFIG, mine)
    machine.write(DEFAULTS, mine)
    machine.write(LOG, mine)
    machine.run("dpkg", "--force-confold", "-i", package)
    assert (asked := machine.asked_of_systemd()) == [], f"an upgrade is no failover: {asked}"
    assert (machine.root / CONFIG).read_text() == mine and (machine.root / DEFAULTS).read_text() == mine


def removal(machine):
    machine.run("dpkg", "-r", "warren")
    asked = " ".join(machine.asked_of_systemd())
    assert "stop" in asked and "warren.service" in asked and "warren@*.service" in asked, f"it goes on running: {asked}"
    assert (machine.root / CONFIG).exists(), "the configuration is gone"
    assert not (machine.root / "usr/sbin/warren").exists()


def purge(machine):
    machine.run("dpkg", "-P", "warren", "warren-doc")
    left = machine.changed() - machine.before
    assert not left, f"left: {left}"
    existing = {path for path in machine.folders() if (machine.root / path).exists() and not HOUSEKEEPING.match(path)}
    assert not existing, f"folders that are left: {existing}"


def main(test):
    for program in ("dpkg-buildpackage", "lintian", "dh", "scdoc"):
        test.program(program)
    os.environ.pop("DEB_BUILD_OPTIONS", None)
    host = test.network.add_host("warren", "192.168.8.4/24")
    client = test.network.add_host("client", "192.168.8.50/24")
    package, doc_package = build(test)
    lintian_is_content([package, doc_package])
    upgraded = newer(package, test.folder / "newer")
    mounted = test.folder / "machine"
    mounted.mkdir()
    with machine(mounted) as here:
        installation(here, package)
        documentation(here, doc_package)
        with here.drivers_of_dependencies():
            here.run(REPOSITORY / "debian/tests/smoke")
            new_user(test, here, host, client)
        upgrade(here, upgraded)
        removal(here)
        purge(here)


if __name__ == "__main__":
    Test.main(main)
