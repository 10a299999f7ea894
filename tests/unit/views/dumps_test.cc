// SPDX-License-Identifier: BSD-3-Clause
// What stands in the files that keepalived's tools ask for.
#include "views/dumps.h"

#include <gtest/gtest.h>

#include "unit/model/sample_state.h"

namespace warren::views {
namespace {

constexpr std::int64_t wall_ms = 1'800'000'000'000;

class Dumps : public testing::Test {
  protected:
    Dumps() {
        vrrp::Status& status = state_->routers[0].status;
        status.state = vrrp::State::master;
        status.since_ns = model::start_ns;
        status.effective_priority = 90;
        status.counters.became_master = 3;
        status.counters.adverts_sent = 12;
        status.counters.rejected[static_cast<std::size_t>(vrrp::RejectReason::ttl)] = 5;
    }
    Json parse(Dump dump) const {
        const ViewContext context{*state_,  exchange_, vrrp_, netlink_,
                                  process_, totals_,   busy_, model::start_ns + 2'500'000'000};
        return Json::parse(dump_text(dump, context, wall_ms));
    }

    std::unique_ptr<model::State> state_ = model::state_of(
        model::router("A", "eth0", 51, "192.168.8.100/24",
                      "smtp_alert\nnotify_master \"/bin/x y\"\nauthentication {\nauth_type PASS\n"
                      "auth_pass secret\n}\n") +
        model::service("192.168.8.100"));
    mutable exchange::Exchange exchange_{1};
    election::VrrpLink vrrp_;
    kernel::NetlinkStatistics netlink_;
    ProcessFacts process_;
    std::vector<PortTotals> totals_;
    std::vector<double> busy_{0.0};
};

TEST_F(Dumps, JsonHasKeepalivedsNamesAndNumbers) {
    const Json all = parse(Dump::json);
    ASSERT_EQ(all.size(), 1U);
    const Json& data = all[0]["data"];
    EXPECT_EQ(data["iname"], "A");
    EXPECT_EQ(data["state"], 2);
    EXPECT_EQ(data["vrid"], 51);
    EXPECT_EQ(data["base_priority"], 100);
    EXPECT_EQ(data["effective_priority"], 90);
    EXPECT_EQ(data["ifp_ifname"], "eth0");
    EXPECT_EQ(data["vipset"], true);
    EXPECT_EQ(data["smtp_alert"], true);
    EXPECT_EQ(data["auth_type"], 1);
    EXPECT_EQ(data["script_master"], "/bin/x y");
    EXPECT_EQ(data["vips"], Json::array({"192.168.8.100/24 dev eth0"}));
    EXPECT_DOUBLE_EQ(data["last_transition"].get<double>(), 1'799'999'997.5);
    const Json& stats = all[0]["stats"];
    EXPECT_EQ(stats["advert_sent"], 12);
    EXPECT_EQ(stats["become_master"], 3);
    EXPECT_EQ(stats["release_master"], 2);
    EXPECT_EQ(stats["ip_ttl_err"], 5);
}

TEST_F(Dumps, DataAndStatsAreOurRows) {
    const Json data = parse(Dump::data);
    EXPECT_EQ(data["vrrp"][0]["name"], "A");
    EXPECT_EQ(data["services"].size(), 1U);
    EXPECT_EQ(data["servers"].size(), 2U);
    const Json stats = parse(Dump::stats);
    EXPECT_EQ(stats["vrrp"][0]["became_master"], 3);
    EXPECT_FALSE(stats["counters"].empty());
}

// keepalived has forgotten what a reload took out of the file.
TEST_F(Dumps, JsonLeavesOutWhatWasRemoved) {
    state_->routers[0].presence = model::Presence::removed;
    EXPECT_EQ(parse(Dump::json), Json::array());
}

TEST_F(Dumps, NoPassword) {
    for (const Dump dump : {Dump::data, Dump::stats, Dump::json})
        EXPECT_EQ(parse(dump).dump().find("secret"), std::string::npos) << file_name(dump);
}

}  // namespace
}  // namespace warren::views
