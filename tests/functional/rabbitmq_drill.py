#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""One short drill with real RabbitMQ: a node is killed, then the master loses its power, while clients keep an account.

Times are measured by tools/demo; here only what must hold on any machine, however busy.
"""

from harness import LabError, Skip, Test

from warrenlab import drill, lab, report


def main(test):
    test.program("app/warren/warren")
    try:
        lab.check_machine()
    except LabError as reason:
        raise Skip(str(reason)) from reason
    options = drill.defaults(publishers=6, consumers=3, rate=10)
    with test.lab() as built:
        outcome = drill.Drill(built, options, say=lambda text: print(f"drill: {text}", flush=True)).run(
            ["kill-node", "crash-lb"])
    print(report.drill_table(outcome))

    account = outcome["account"]
    assert account["confirmed"] > 100, "the publishers got hardly anything confirmed"
    assert account["lost"] == 0, f"confirmed messages were lost: {account['lost_ids']}"
    assert account["unsettled"] == 0, "a publisher waited in vain for its last confirms"
    killed, crashed = outcome["faults"][:2]
    assert killed["victims"] > 0, "no client was connected to the killed node"
    assert killed["broken"] >= killed["victims"], "a client of the killed node did not notice"
    assert killed["others_broken"] == 0, "clients of living nodes lost their connections"
    assert crashed["takeover"] is not None, "no advert of the new master was seen"
    assert not crashed["both_answered"], "both warrens answered for the VIP"


if __name__ == "__main__":
    Test.main(main)
