#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runs a program with no more rights than a systemd unit leaves it, where no systemd runs.

    cage.py UNIT[,DROP-IN] PROGRAM [ARGUMENT ...]

Heeds CapabilityBoundingSet, AmbientCapabilities, SystemCallFilter, MemoryDenyWriteExecute and NoNewPrivileges. A User=
that this machine has not is taken for nobody. What needs mounts (ProtectSystem= and its like) is not here.
"""
import ctypes
import os
import pathlib
import pwd
import subprocess
import sys

NOBODY = 65534
PR_SET_NO_NEW_PRIVS, PR_SET_MDWE, MDWE_REFUSE_EXEC_GAIN = 38, 65, 1
EPERM = 1
SCMP_ACT_ALLOW, SCMP_ACT_ERRNO = 0x7FFF0000, 0x00050000


def settings(files):
    """Setting -> its values as words, an empty assignment begins anew."""
    found = {}
    for file in files:
        for line in pathlib.Path(file).read_text().splitlines():
            name, is_setting, value = line.partition("=")
            if is_setting and not line.startswith("#"):
                found[name] = [*found.get(name, []), *value.split()] if value else []
    return found


def calls_of(group):
    """The names in one of systemd's groups, those that it consists of included."""
    listed = subprocess.run(["systemd-analyze", "syscall-filter", group], stdout=subprocess.PIPE, text=True, check=True).stdout
    names = [line.strip() for line in listed.splitlines()[1:] if not line.strip().startswith("#")]
    return {call for name in names for call in (calls_of(name) if name.startswith("@") else {name})}


def allowed_calls(words):
    """Of one group that is allowed, and others that are then refused (~)."""
    allowed = calls_of("@default")
    for word in words:
        calls = calls_of(word.lstrip("~"))
        allowed = allowed - calls if word.startswith("~") else allowed | calls
    return allowed


def refuse_all_but(calls):
    lib = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    lib.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(lib.seccomp_init(SCMP_ACT_ERRNO | EPERM))
    for call in calls:
        number = lib.seccomp_syscall_resolve_name(call.encode())
        if number >= 0:
            lib.seccomp_rule_add(context, SCMP_ACT_ALLOW, number, 0)
    if lib.seccomp_load(context) != 0:
        sys.exit("no seccomp filter can be loaded")


def as_setpriv(capabilities):
    return ",".join(["-all", *("+" + word.removeprefix("CAP_").lower() for word in capabilities)])


def ids_of(user):
    """Its user and group."""
    try:
        entry = pwd.getpwnam(user)
        return entry.pw_uid, entry.pw_gid
    except KeyError:
        return NOBODY, NOBODY


def main():
    unit = settings(sys.argv[1].split(","))
    command = ["setpriv", "--bounding-set", as_setpriv(unit["CapabilityBoundingSet"])]
    if (user := unit["User"][-1]) != "root":
        uid, gid = ids_of(user)
        ambient = as_setpriv(unit["AmbientCapabilities"])
        command += ["--reuid", str(uid), "--regid", str(gid), "--clear-groups", "--inh-caps", ambient, "--ambient-caps", ambient]
    calls = allowed_calls(unit["SystemCallFilter"])
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if unit["MemoryDenyWriteExecute"] == ["yes"]:
        libc.prctl(PR_SET_MDWE, MDWE_REFUSE_EXEC_GAIN, 0, 0, 0)    # from Linux 6.3 on
    # setpriv itself needs setresuid and capset, which @privileged has: only they are let through besides.
    refuse_all_but(calls | {"capset", "setresuid", "setresgid", "setgroups"})
    os.execvp(command[0], [*command, *sys.argv[2:]])


if __name__ == "__main__":
    main()
