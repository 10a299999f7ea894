// SPDX-License-Identifier: BSD-3-Clause
// What the service manager hears of a reload, whatever becomes of it.
#include "control/life.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "fake_publication.h"

namespace warren::control {
namespace {

class Living : public testing::Test {
  protected:
    Surroundings world_{model::router("A", "eth0", 51, "192.168.8.100/24")};
    exchange::Exchange exchange_{1};
    std::vector<std::string> heard_;
    Life life_{world_.context(),
               exchange_,
               [this](std::string_view text) { heard_.emplace_back(text.substr(0, 9)); },
               {},
               {}};
};

TEST_F(Living, AReloadThatThrowsEndsForTheServiceManagerToo) {
    life_.tell_ready();
    EXPECT_FALSE(life_.while_reloading([] { throw std::runtime_error("no memory"); }));
    EXPECT_EQ(heard_, (std::vector<std::string>{"READY=1", "RELOADING", "READY=1"}));
    EXPECT_EQ(world_.last_event(), "the reload failed: no memory");
}

TEST_F(Living, AReloadThatComesToItsEndHasBeenDone) {
    EXPECT_TRUE(life_.while_reloading([] {}));
    EXPECT_TRUE(heard_.empty()) << "not ready yet: it hears of nothing else";
}

}  // namespace
}  // namespace warren::control
