// SPDX-License-Identifier: BSD-3-Clause
// What an engineer reads about a virtual router.
#include "show/show_vrrp.h"

#include <gtest/gtest.h>

#include <sstream>

#include "rows/fields.h"

namespace warren::ctl {
namespace {

Json backup() {
    return Json::parse(R"({
        "name": "VI_1", "interface": "eth0", "vrid": 51, "version": 3, "family": "IPv4",
        "state": "backup", "since_ms": 130000, "reason": "higher_priority_heard", "faults": [],
        "waits_for_group": true, "sync_group": "G", "moves_with": ["VI_2", "VI_3"],
        "priority": 150, "effective_priority": 70, "primary_address": "192.168.8.4",
        "source_mac": "00:00:5e:00:01:33", "sends_to": ["224.0.0.18"],
        "addresses": ["192.168.8.100/24"], "excluded_addresses": [],
        "master": "192.168.8.6", "master_priority": 100, "last_heard_ms": 4,
        "advert_interval_ms": 10, "skew_ms": 7.266, "master_down_ms": 37.266, "next_ms": 33.4,
        "preempt": true, "preempt_delay_ms": 30000, "preempt_left_ms": 12000,
        "adverts_sent": 1234, "adverts_received": 56, "rejected": {"ttl": 3, "checksum": 2},
        "rejected_text": {"ttl": "its TTL is wrong"},
        "priority_zero_sent": 1, "gratuitous_arps": 25, "unsolicited_advertisements": 0,
        "became_master": 2, "late_adverts": 1, "address_conflicts": 0,
        "tracked": [
            {"kind": "script", "name": "chk", "weight": 0, "reverse": false, "state": "up",
             "detail": "exit status 0", "priority": 0, "fault": false},
            {"kind": "file", "name": "maintenance", "weight": 1, "reverse": false,
             "state": "number", "detail": "-60", "priority": -60, "fault": false},
            {"kind": "interface", "name": "eth1", "weight": -20, "reverse": true, "state": "down",
             "detail": "down", "priority": -20, "fault": false}]
    })");
}

TEST(VrrpDetails, Backup) {
    EXPECT_EQ(vrrp_details(backup()),
              "VI_1: eth0, VRID 51, VRRPv3 IPv4, from 192.168.8.4 (00:00:5e:00:01:33)\n"
              "  state      backup for 2m10s: peer is higher, 2 times master, waits for its sync "
              "group\n"
              "  priority   70 = 150 base, file maintenance -60, interface eth1 -20\n"
              "  tracked    script chk: up (exit status 0), a failure is a fault\n"
              "  tracked    file maintenance: -60, weight +1\n"
              "  tracked    interface eth1: down, weight -20 reverse\n"
              "  master     192.168.8.6, priority 100, peer heard 4 ms ago\n"
              "  timers     advert 10 ms, master_down 37 ms, skew 7.3 ms, master believed dead in "
              "33 ms, preempts in 12 s\n"
              "  adverts    1,234 sent, 1 of them priority 0; 56 received; 5 refused\n"
              "  refused    3 ttl: its TTL is wrong\n"
              "  refused    2 checksum\n"
              "  sent to    224.0.0.18\n"
              "  announced  25 gratuitous ARPs, 0 unsolicited NAs\n"
              "  sync group G, with VI_2 VI_3\n"
              "  addresses  192.168.8.100/24\n"
              "  noticed    1 own advert late\n");
}

TEST(VrrpDetails, FaultSaysWhichThing) {
    Json row = backup();
    row["state"] = "fault";
    row["faults"] = {"tracked", "link_down"};
    row["fault_text"] = "its link is down, what it tracks has failed";
    row["tracked"][0]["state"] = "down";
    row["tracked"][0]["fault"] = true;
    const std::string text = vrrp_details(row);
    EXPECT_NE(text.find("fault for 2m10s: its link is down, what"), std::string::npos) << text;
    EXPECT_EQ(router_why(row), "tracked failed, link down");
    row["faults"] = {"newer_than_we"};
    EXPECT_EQ(router_why(row), "newer_than_we");
    EXPECT_NE(text.find("150 base, script chk FAULT, file"), std::string::npos) << text;
}

// It has no VRID, sends nothing and waits for nobody.
TEST(VrrpDetails, TheHostsOwnAddressSpeaksNoVrrp) {
    Json row = backup();
    row["name"] = "10.0.0.4";
    row["static"] = true;
    row["state"] = "master";
    row["reason"] = "owner_startup";
    row["waits_for_group"] = false;
    row["became_master"] = 1;
    row["late_adverts"] = 0;
    EXPECT_EQ(vrrp_details(row),
              "10.0.0.4: the host's own, served for as long as the host has it: no VRRP; eth0 "
              "(00:00:5e:00:01:33)\n"
              "  state      master for 2m10s: host's own, 1 time master\n");
    std::string cells;
    for (const Column& column : vrrp_columns())
        cells += column.text(row) + " ";
    EXPECT_EQ(cells, "10.0.0.4 eth0 - master 2m10s host's own - 192.168.8.6 4 ms - - - ");
}

TEST(VrrpDetails, NeverWiderThanAScreen) {
    Json row = backup();
    for (int i = 0; i < 32; ++i) {
        row["addresses"].push_back("192.168.8." + std::to_string(i) + "/24");
        row["tracked"].push_back(row["tracked"][1]);
    }
    std::istringstream lines(vrrp_details(row));
    for (std::string line; std::getline(lines, line);)
        EXPECT_LE(line.size(), 120U) << line;
}

TEST(VrrpTable, ManyRoutersWithoutTheirDetails) {
    std::ostringstream few, many, asked;
    print_vrrp(few, {backup()}, false);
    EXPECT_NE(few.str().find("  timers"), std::string::npos);
    const std::vector<Json> rows(20, backup());
    print_vrrp(many, rows, false);
    EXPECT_EQ(many.str().find("  timers"), std::string::npos);
    EXPECT_NE(many.str().find("warrenctl show vrrp ROUTER"), std::string::npos);
    print_vrrp(asked, rows, true);
    EXPECT_NE(asked.str().find("  timers"), std::string::npos);
}

}  // namespace
}  // namespace warren::ctl
