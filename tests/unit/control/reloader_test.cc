// SPDX-License-Identifier: BSD-3-Clause
// A file that is read again is taken up whole, or refused with its reason.
#include "control/reloader.h"

#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <chrono>
#include <functional>
#include <future>
#include <stdexcept>

#include "fake_publication.h"

namespace warren::control {
namespace {

const std::string a_router = model::router("A", "eth0", 51, "192.168.8.100/24");

class Reload : public testing::Test {
  protected:
    bool take(const std::string& text) {
        text_ = text;
        bool taken = false;
        reloader_.reload(reloader_.read_now(),
                         [&](const config::Config&, const model::ReloadPlan&) {
                             taken = true;
                             return trouble_;
                         });
        return taken;
    }

    Surroundings world_{a_router + model::service("192.168.8.100")};
    exchange::Exchange exchange_{1};
    std::string text_;
    std::string trouble_;  // of taking it up
    std::function<void()> while_reading_;
    std::size_t seen_ = 0;
    Reloader reloader_{world_.context(),
                       exchange_,
                       [this](const config::Config& running) {
                           seen_ = running.vrrp_instances.size();
                           if (while_reading_) while_reading_();
                           return schema::load("warren.conf", [this](const std::string&) {
                               return std::optional(text_);
                           });
                       },
                       {}};
};

TEST_F(Reload, ANewWeightIsTakenUp) {
    EXPECT_TRUE(take(a_router + model::service("192.168.8.100", "quorum 2\n")));
    EXPECT_EQ(seen_, 1U) << "what runs is known while the file is looked at";
}

TEST_F(Reload, AFileThatCannotBeReadIsRefusedAndItsLineNamed) {
    EXPECT_FALSE(take(a_router + "virtual_server 192.168.8.100 5672 {\n lb_kind nothing\n}\n"));
    EXPECT_EQ(world_.last_event(), "the file is refused; the running configuration stays");
    EXPECT_NE(world_.events.at(world_.events.first()).text.find("warren.conf:"), std::string::npos);
}

TEST_F(Reload, WhatTheFileIsWarnedOfIsTold) {
    text_ = a_router + model::service("192.168.8.100", "lb_algo wlcc\n");
    const Reloader::Outcome outcome = reloader_.dry_run(reloader_.read_now());
    EXPECT_EQ(outcome.refusal, "");
    ASSERT_FALSE(outcome.warnings.empty());
    EXPECT_NE(outcome.warnings.front().find("not 'wlcc'"), std::string::npos)
        << outcome.warnings.front();
}

// A line for each of thousands of servers, at every reload, would take the manager's time and the
// place of what has happened.
TEST_F(Reload, OfThousandsOfWarningsTheFirstAreLogged) {
    std::string text = a_router;
    for (int i = 1; i <= 100; ++i)
        text += "virtual_server 192.168.8.100 " + std::to_string(i) +
                " {\nprotocol TCP\nlb_kind FNAT\nreal_server 192.168.8.11 5672 {\n}\n}\n";
    EXPECT_TRUE(take(text));
    std::size_t warnings = 0;
    world_.events.from(world_.events.first(), [&](const journal::Event& event) {
        warnings += event.level == journal::EventLevel::warning ? 1U : 0U;
        return true;
    });
    EXPECT_EQ(warnings, 65U);
    EXPECT_TRUE(world_.last_event().ends_with(" more like these: warren --check names all"))
        << world_.last_event();
    EXPECT_GE(reloader_.dry_run(reloader_.read_now()).warnings.size(), 100U) << "who asks gets all";
}

TEST_F(Reload, AnInterfaceThatIsNotThereIsRefusedBeforeAnythingIsDone) {
    EXPECT_FALSE(take(a_router + model::router("B", "no-such-one", 52, "10.0.0.1/24")));
    EXPECT_EQ(world_.last_event(),
              "interface no-such-one: the kernel has no such interface; the running configuration "
              "stays");
}

TEST_F(Reload, WhatCannotBeTakenUpIsToldAsARefusal) {
    trouble_ = "interface eth7: cannot open a packet socket";
    EXPECT_TRUE(take(a_router + model::service("192.168.8.100", "quorum 2\n")));
    EXPECT_EQ(world_.last_event(), trouble_ + "; the running configuration stays");
}

TEST_F(Reload, WhatIsShownIsWhatRuns) {
    take(a_router + model::service("192.168.8.100", "quorum 2\n"));
    const std::size_t taken = reloader_.lines().size();
    EXPECT_NE(taken, 0U);
    take("nonsense\n");
    EXPECT_EQ(reloader_.lines().size(), taken);
}

TEST_F(Reload, WhoseConnectionsItResetsIsSaidBefore) {
    exchange_.workers[0]->servers[0].active.add();
    text_ = a_router + model::router("B", "eth0", 52, "192.168.8.101/24") +
            model::service("192.168.8.101");
    const Reloader::Outcome outcome = reloader_.dry_run(reloader_.read_now());
    EXPECT_EQ(outcome.refusal, "");
    ASSERT_FALSE(outcome.steps.empty());
    EXPECT_EQ(outcome.steps.back(),
              "server 192.168.8.11:5672 of 192.168.8.100:5672: its connections are reset, 1 now");
}

TEST_F(Reload, TheLoopGoesOnWhileAFileIsRead) {
    text_ = a_router + model::service("192.168.8.100", "quorum 2\n");
    std::promise<void> turn;
    while_reading_ = [&] {
        EXPECT_EQ(turn.get_future().wait_for(std::chrono::seconds(5)), std::future_status::ready);
        while_reading_ = nullptr;
    };
    std::vector<std::size_t> steps;
    const auto take = [&](const Reloader::Reading& reading) {
        steps.push_back(reading.steps.size());
    };
    reloader_.read(take);
    reloader_.read(take);
    boost::asio::post(world_.io, [&] { turn.set_value(); });
    world_.io.run();
    EXPECT_EQ(steps, (std::vector<std::size_t>{2, 2})) << "one after the other";
}

TEST_F(Reload, WhatCannotBeReadIsRefused) {
    while_reading_ = [] { throw std::runtime_error("no memory"); };
    std::string refusal;
    reloader_.read([&](Reloader::Reading reading) {
        refusal = reloader_.reload(std::move(reading), {}).refusal;
    });
    world_.io.run();
    EXPECT_EQ(refusal, "no memory");
    EXPECT_FALSE(reloader_.history().last_is_taken);
}

TEST_F(Reload, ReloadsWithoutEndAreNotKept) {
    std::vector<std::string> troubles;
    for (std::size_t i = 0; i < Reloader::max_waiting + 1; ++i)
        reloader_.read(
            [&](const Reloader::Reading& reading) { troubles.push_back(reading.trouble); });
    EXPECT_EQ(troubles, std::vector<std::string>{"too many reloads wait"});
    world_.io.run();
    EXPECT_EQ(troubles.size(), Reloader::max_waiting + 1);
}

TEST_F(Reload, WhatNeedsARestartSaysSo) {
    EXPECT_FALSE(take("dataplane {\n workers 2\n}\n" + a_router + model::service("192.168.8.100")));
    EXPECT_NE(world_.last_event().find("that needs a restart"), std::string::npos)
        << world_.last_event();
}

}  // namespace
}  // namespace warren::control
