// SPDX-License-Identifier: BSD-3-Clause
#include "handover/request.h"

#include <gtest/gtest.h>

#include "unit/model/sample_state.h"

namespace warren::handover {
namespace {

using Indices = std::vector<std::uint16_t>;

class Requests : public testing::Test {
  protected:
    Request read(const char* text) const { return read_request(*state_, text); }

    std::unique_ptr<model::State> state_ =
        model::state_of(model::router("A", "eth0", 51, "192.168.8.100/24") +
                        model::router("B", "eth1", 52, "192.168.9.100/24") +
                        model::router("C", "eth1", 53, "192.168.9.101/24") +
                        "vrrp_sync_group G {\ngroup {\nB\nC\n}\n}\n");
};

TEST_F(Requests, NameRoutersAndThoseThatMoveWithThem) {
    EXPECT_EQ(read("A").routers, Indices{0});
    EXPECT_EQ(read("C").routers, (Indices{1, 2}));
    EXPECT_FALSE(read("C").is_all);
    EXPECT_EQ(read("all").routers, (Indices{0, 1, 2}));
    EXPECT_EQ(read("").routers, (Indices{0, 1, 2}));
    EXPECT_TRUE(read("").is_all);
}

TEST_F(Requests, SayHow) {
    EXPECT_TRUE(read("A,force").force);
    EXPECT_TRUE(read("all,back").back);
    EXPECT_FALSE(read("A").force);
    EXPECT_EQ(read("A,force").problem, "");
    EXPECT_EQ(read("A,for=1500").for_ns, 1'500'000'000U);
    EXPECT_EQ(read("A").for_ns, 0U);
}

TEST_F(Requests, LeaveTheHostsOwnAddressesAlone) {
    model::make_static(state_->routers[0]);
    EXPECT_EQ(read("all").routers, (Indices{1, 2}));
    EXPECT_EQ(read("all").problem, "");
    EXPECT_TRUE(read("A,force").routers.empty());
    EXPECT_EQ(read("A,force").problem, "A is the host's own address: nobody can take it over");
    for (std::size_t i : {1, 2})
        model::make_static(state_->routers[i]);
    EXPECT_EQ(read("all").problem, "there is no virtual router that speaks VRRP");
}

TEST_F(Requests, WhatIsNotThereIsNamed) {
    EXPECT_EQ(read("Z").problem, "there is no virtual router \"Z\"");
    EXPECT_FALSE(read("Z").is_nonsense);
    EXPECT_EQ(read("A,quick").problem, "unknown word \"quick\"");
    EXPECT_TRUE(read("A,quick").is_nonsense);
    for (const char* time : {"A,for=", "A,for=0", "A,for=1x", "A,for=9999999999999"})
        EXPECT_EQ(read(time).problem, "a time away is longer than nothing and at most 31 days")
            << time;
    EXPECT_TRUE(read("A,for=0").is_nonsense);
}

}  // namespace
}  // namespace warren::handover
