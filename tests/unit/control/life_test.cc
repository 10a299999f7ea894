// SPDX-License-Identifier: BSD-3-Clause
// What the service manager hears of a reload, whatever becomes of it.
#include "control/life.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <functional>
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
    life_.notify_ready();
    EXPECT_FALSE(life_.while_reloading([] { throw std::runtime_error("no memory"); }));
    EXPECT_EQ(heard_, (std::vector<std::string>{"READY=1", "RELOADING", "READY=1"}));
    EXPECT_EQ(world_.last_event(), "the reload failed: no memory");
}

TEST_F(Living, AReloadThatComesToItsEndHasBeenDone) {
    EXPECT_TRUE(life_.while_reloading([] {}));
    EXPECT_TRUE(heard_.empty()) << "not ready yet: it hears of nothing else";
}

TEST_F(Living, TheWatchdogHearsNothingWhileTheControlLcoreDoesNotBeat) {
    constexpr std::uint64_t second = 1'000'000'000;
    exchange_.ownership.beat(100 * second);
    life_.notify_watchdog(101 * second);
    life_.notify_watchdog(101 * second + 1);  // one a second
    EXPECT_EQ(heard_.size(), 1U);
    life_.notify_watchdog(105 * second);
    EXPECT_EQ(heard_.size(), 1U) << "the address is nobody's";
    exchange_.ownership.beat(105 * second);
    life_.notify_watchdog(105 * second + 1);
    EXPECT_EQ(heard_.size(), 2U);
}

TEST_F(Living, AStatusIsSaidWhenItIsAnother) {
    life_.notify_status("a");
    life_.notify_status("a");
    life_.notify_status("b");
    EXPECT_EQ(heard_, (std::vector<std::string>{"STATUS=a", "STATUS=b"}));
}

// What SIGTERM begins.
class Ending : public testing::Test {
  protected:
    void end() {
        life_.take_signals();
        ::raise(SIGTERM);
        run_until([this] { return asked_ != 0; });
    }
    void run_until(const std::function<bool()>& over) {
        for (int i = 0; i < 1'000 && !over(); ++i)
            world_.io.run_for(std::chrono::milliseconds(1));
    }
    bool has_said_good_bye() const {
        return !world_.publication.commands.empty() &&
               world_.publication.commands[0].kind == election::VrrpCommand::Kind::shutdown;
    }

    Surroundings world_{model::router("A", "eth0", 51, "192.168.8.100/24")};
    exchange::Exchange exchange_{1};
    unsigned asked_ = 0, stopping_ = 0;
    bool has_peer_ = true;
    std::function<void()> done_;
    Life life_{world_.context(),
               exchange_,
               [](std::string_view) {},
               {},
               {.reload = {},
                .dump = {},
                .stopping = [this] { ++stopping_; },
                .hand_over =
                    [this](std::function<void()> done) {
                        ++asked_;
                        done_ = std::move(done);
                        return has_peer_;
                    }}};
};

TEST_F(Ending, WaitsForThePeerBeforeTheGoodBye) {
    end();
    EXPECT_FALSE(has_said_good_bye());
    done_();
    EXPECT_TRUE(has_said_good_bye());
    EXPECT_EQ(stopping_, 1U);
}

TEST_F(Ending, DoesNotWaitForLong) {
    end();
    run_until([this] { return has_said_good_bye(); });
    EXPECT_TRUE(has_said_good_bye());
    done_();  // too late
    EXPECT_EQ(world_.publication.commands.size(), 1U);
    EXPECT_EQ(stopping_, 1U);
}

TEST_F(Ending, IsAtOnceWithoutAPeer) {
    has_peer_ = false;
    end();
    EXPECT_TRUE(has_said_good_bye());
}

}  // namespace
}  // namespace warren::control
