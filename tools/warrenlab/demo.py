# SPDX-License-Identifier: BSD-3-Clause
"""What tools/demo measures once everything is built: an idle warren, then the drill."""

import argparse
import json
import os
import statistics
import sys
import time

from . import drill, lab as lab_module, picture, report
from .netns import LabError, signals_held, stop_signals_as_exceptions

IDLE_MEASURE_S = 5
FIRST_PACKET_TRIES = 7
FIRST_PACKET_IDLE_S = 2

# HAProxy 2.6 + keepalived 2.2.7 before the same three RabbitMQ nodes (net_ticktime 60, heartbeat 60
# where not noted), medians, measured on the same kind of machine: (broken, clients knew, longest
# gap, all back).
STOCK = {
    "master killed -9": ("16 of 16", "3.4 s, idle 22.6 s", "3.3 s", "23.5 s"),
    "master stopped": ("12 of 12", "1.5 s", "1.1 s", "1.7 s"),
    "master returns": ("16 of 16", "4.3 s, idle 7.1 s", "4.8 s", "8.9 s"),
    "node process killed": ("4 of 12", "30 ms", "150 ms", "160 ms"),
    "node silently cut": ("4 of 12", "123 s (heartbeat 10: 23.8 s)", "70 s", "123 s"),
}

NODE_KILLED_GOAL_S = 0.1
NODE_CUT_GOAL_S = 0.3
IDLE_CPU_GOAL = 0.10
FIRST_PACKET_GOAL_S = 0.003


class Screen:
    """Lines with the time since the start; on a terminal a live line below them."""

    def __init__(self):
        self.started = time.monotonic()
        self.live = sys.stdout.isatty()

    def say(self, text):
        clear = "\r\033[K" if self.live else ""
        print(f"{clear}{time.monotonic() - self.started:6.1f} s  {text}", flush=True)

    def tick(self, tick):
        if self.live:
            now = time.monotonic() - self.started
            print(f"\r\033[K{now:6.1f} s  … {tick['up']} clients connected, {tick['confirmed']} "
                  f"messages confirmed, {tick['consumed']} consumed", end="", flush=True)


def cpu_seconds(pid):
    """CPU time of a whole process so far."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure_idle(lab, screen):
    """(what, measured, goal, reached) of warrens that have nothing to do."""
    screen.say(f"idle: CPU over {IDLE_MEASURE_S} s, then {FIRST_PACKET_TRIES} connections, "
               f"each after {FIRST_PACKET_IDLE_S} s")
    pids = {letter: balancer.pid() for letter, balancer in lab.balancers.items()}
    before = {letter: cpu_seconds(pid) for letter, pid in pids.items()}
    began = time.monotonic()
    time.sleep(IDLE_MEASURE_S)
    elapsed = time.monotonic() - began
    rows = []
    for letter, pid in pids.items():
        share = (cpu_seconds(pid) - before[letter]) / elapsed
        role = "master" if letter == "a" else "backup"
        rows.append((f"CPU of the idle {role}, whole process", f"{share:.1%} of a core",
                     f"< {IDLE_CPU_GOAL:.0%}", share < IDLE_CPU_GOAL))
    times = lab.connect_times(lab_module.VIP, FIRST_PACKET_TRIES, FIRST_PACKET_IDLE_S)
    direct = lab.connect_times(lab_module.rabbit.NODES[0].address, FIRST_PACKET_TRIES,
                               FIRST_PACKET_IDLE_S)
    if times is None or direct is None:
        raise LabError("an idle warren did not forward a connection")
    # The SYN wakes the warren; the SYN-ACK finds it awake.
    median, without = statistics.median(times), statistics.median(direct)
    rows.append(("connection after idleness, SYN to SYN-ACK, median", report.seconds(median),
                 f"<= {report.seconds(FIRST_PACKET_GOAL_S)}", median <= FIRST_PACKET_GOAL_S))
    rows.append(("the same, worst", report.seconds(max(times)), "", True))
    rows.append(("the same without a balancer, median", report.seconds(without), "", True))
    return rows


def fault_rows(outcome):
    """Ours and the stock parts' figures, one below the other."""
    rows = []
    for fault in outcome["faults"]:
        broken = f"{fault['broken']} of {fault['clients']}"
        knew = report.seconds(fault["knew_median"])
        if fault["knew_worst"] is not None:
            knew += f", worst {report.seconds(fault['knew_worst'])}"
        rows.append((fault["fault"], "Warren", broken, knew,
                     report.seconds(fault["longest_gap"]), report.seconds(fault["all_back"])))
        for begin, figures in STOCK.items():
            if fault["fault"].startswith(begin):
                rows.append(("", "stock", *figures))
    return rows


def goal_rows(outcome):
    rows = list(report.vrrp_rows(outcome))
    for begin, goal in (("node process killed", NODE_KILLED_GOAL_S), ("node silently cut", NODE_CUT_GOAL_S)):
        for fault in outcome["faults"]:
            if fault["fault"].startswith(begin) and fault["victims"]:
                knew = fault["knew_worst"]
                rows.append((f"last client knew, {fault['fault']}", report.seconds(knew),
                             f"<= {report.seconds(goal)}", knew is not None and knew <= goal))
                rows.append((f"clients of living nodes broken, {fault['fault']}",
                             fault["others_broken"], "0", fault["others_broken"] == 0))
    account = outcome["account"]
    rows.append(("confirmed messages lost", account["lost"], "0", account["lost"] == 0))
    return rows


def show(outcome, idle):
    print("\nFaults, one after the other, clients on the VIP all the while:\n")
    header = ("fault", "", "broken", "clients knew", "longest gap", "all back")
    print(report.table(header, fault_rows(outcome)))
    settings = outcome["settings"]
    print(f"""
Warren: {settings['publishers']} publishers of {settings['rate']:g} messages/s, {settings['consumers']} consumers; \
AMQP heartbeat {settings['heartbeat']} s; RabbitMQ's
  net_ticktime {settings['net_ticktime_s']} s: how long the brokers themselves wait for a silent node before they confirm without it.
  Connections outlive their warren (flow_sync). After a power cut a publisher goes on with its own next
  retransmission: TCP's back off puts them 3.0 and 6.2 s after the loss. advert_int 0.1 makes it 0.6 s.
stock: measured on the same kind of machine with HAProxy 2.6 + keepalived 2.2.7; heartbeat and
  net_ticktime 60 s, the defaults.
""")
    rows = [(what, value, goal, "" if not goal else "reached" if reached else "MISSED")
            for what, value, goal, reached in [*idle, *goal_rows(outcome)]]
    print(report.table(("figure", "measured", "goal", ""), rows))
    account = outcome["account"]
    print(f"\nmessages: {account['confirmed']} confirmed, {account['lost']} lost, {account['duplicated']} duplicated")


def run(lab, options, screen):
    try:
        screen.say("building the lab")
        lab.up(advert_int=options.advert_int, say=screen.say)
        idle = measure_idle(lab, screen)
        outcome = drill.Drill(lab, options, screen.say, screen.tick).run(options.faults or drill.FAULTS)
        outcome["idle"] = idle
        show(outcome, idle)
        picture_file = options.svg or os.path.join(lab.build, "demo.svg")
        with open(picture_file, "w", encoding="utf-8") as file:
            file.write(picture.svg(outcome["timeline"]))
        print(f"drawn: {picture_file}")
        if options.json:
            with open(options.json, "w", encoding="utf-8") as file:
                json.dump(outcome, file, indent=1)
        return 0 if drill.passed(outcome) else 1
    except LabError:
        lab.show_logs()
        raise
    finally:
        with signals_held():
            screen.say("removing the lab")
            lab.down()


def main():
    parser = argparse.ArgumentParser(prog="tools/demo")
    parser.add_argument("--lab", default="demo", metavar="NAME", help="name of the lab (default: demo)")
    parser.add_argument("--build", metavar="DIR", help="build directory (default: build)")
    parser.add_argument("--svg", metavar="FILE", help="draw what happened there (default: demo.svg in the build directory)")
    drill.add_options(parser)
    options = parser.parse_args()
    drill.check_faults(options.faults)
    screen = Screen()
    try:
        with stop_signals_as_exceptions():
            return run(lab_module.Lab(options.lab, options.build), options, screen)
    except LabError as error:
        print(f"demo: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("demo: interrupted", file=sys.stderr)
        return 130
    return 1


if __name__ == "__main__":
    sys.exit(main())
