#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""One short drill with real RabbitMQ: a node is killed, the master loses its power, a node has no memory left and then no way to the
others, while clients keep an account.

    rabbitmq_drill.py BUILD-DIR [FAULT...]     other faults of warrenlab/drill.py

Times are measured by tools/demo; here only what must hold on any machine, however busy.
"""

import sys

from harness import LabError, Skip, Test

from warrenlab import drill, lab, report


FAULTS = ("kill-node", "crash-lb", "memory-alarm", "partition")


def main(test):
    faults = sys.argv[2:] or FAULTS
    drill.check_faults(faults)
    test.program("app/warren/warren")
    try:
        lab.check_machine()
    except LabError as reason:
        raise Skip(str(reason)) from reason
    options = drill.defaults(publishers=6, consumers=3, rate=10)
    with test.lab() as built:
        outcome = drill.Drill(built, options, say=lambda text: print(f"drill: {text}", flush=True)).run(
            faults)
    print(report.drill_table(outcome))

    account = outcome["account"]
    assert account["confirmed"] > 100, "the publishers got hardly anything confirmed"
    assert account["lost"] == 0, f"confirmed messages were lost: {account['lost_ids']}"
    assert account["unsettled"] == 0, "a publisher waited in vain for its last confirms"
    for fault in outcome["faults"]:
        assert not fault["others_broken"], f"{fault['fault']}: clients of living nodes lost their connections"
    if faults != FAULTS:
        return
    killed, crashed, _, alarm, partition = outcome["faults"]
    assert partition["broken"] >= partition["victims"], "a client of the node that was cut off did not notice"
    assert alarm["broken"] == 0, "an alarm sends nobody away"
    assert killed["victims"] > 0, "no client was connected to the killed node"
    assert killed["broken"] >= killed["victims"], "a client of the killed node did not notice"
    assert crashed["takeover"] is not None, "no advert of the new master was seen"
    assert not crashed["both_answered"], "both warrens answered for the VIP"


if __name__ == "__main__":
    Test.main(main)
