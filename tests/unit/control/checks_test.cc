// SPDX-License-Identifier: BSD-3-Clause
// Real checkers around a State: the one counter that judges is the one that paces.
#include "control/checks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <fstream>
#include <sstream>
#include <string>

#include "../health/own_namespace.h"
#include "model/builder.h"
#include "model/service_state.h"
#include "unit/model/sample_state.h"

namespace warren::control {
namespace {

using namespace model;  // the words of its fixture

using namespace std::chrono_literals;

// Two servers to which there is no route, which is silence. The panic rule doubts it for three
// seconds; meanwhile they are asked at the pace of retries, not after delay_loop.
TEST(Checks, SilentServersAreDownAsSoonAsTheyAreBelieved) {
    if (!testing_support::enter_own_namespace()) GTEST_SKIP() << "no network namespaces here";
    std::string text = router("A", "eth0", 51, "192.168.8.100/24") +
                       "virtual_server 192.168.8.100 5672 {\n lb_kind FNAT\n delay_loop 60\n";
    for (const char* address : {"192.168.8.11", "192.168.8.12"})
        text += std::string("real_server ") + address +
                " 5672 {\nTCP_CHECK {\nretry 1\nconnect_timeout 1\ndelay_before_retry 0.1\n}\n}\n";
    const auto state = state_of(text + "}\n");
    boost::asio::io_context io;
    journal::EventLog events;
    unsigned down = 0;
    Checks checks(io, *state, events,
                  {.changed =
                       [&](std::uint16_t) {
                           if (++down == 2) io.stop();
                       },
                   .answered = [](std::uint16_t) {},
                   .weight_changed = [](std::uint16_t) {},
                   .silent = [](std::uint16_t) {}},
                  {});
    const auto begin = std::chrono::steady_clock::now();
    io.run_for(20s);
    EXPECT_EQ(down, 2U);
    EXPECT_GE(std::chrono::steady_clock::now() - begin,
              std::chrono::milliseconds(model::panic_hold_ms));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 8s) << "a delay_loop is 60 s";
}

// A reload changes some hundred at a time; who is not followed yet keeps the checks of before, and
// what those say is of a configuration that there is no longer.
TEST(Checks, ThousandsAreFollowedInTurns) {
    std::string text = router("A", "eth0", 51, "192.168.8.100/24") +
                       "virtual_server 192.168.8.100 5672 {\n lb_kind FNAT\n delay_loop 60\n";
    constexpr int many = 200;
    for (int i = 1; i <= many; ++i)
        text += "real_server 192.168.9." + std::to_string(i) +
                " 5672 {\nFILE_CHECK {\ntrack_file f\n}\n}\n";
    const auto state = state_of("vrrp_track_file f {\n file /f\n weight 0\n}\n" + text + "}\n");
    boost::asio::io_context io;
    journal::EventLog events;
    std::vector<std::uint16_t> changed;
    Checks checks(
        io, *state, events,
        {.changed = [&](std::uint16_t server) { changed.push_back(server); },
         .answered = [](std::uint16_t) {},
         .weight_changed = [](std::uint16_t) {},
         .silent = [](std::uint16_t) {}},
        {.file = [](const std::string&) { return vrrp::TrackedState::of(-254, ""); }, .bfd = {}});
    checks.look_at_watched();
    EXPECT_LT(changed.size(), many) << "the loop has its turns";
    EXPECT_FALSE(changed.empty());
    io.run();
    EXPECT_EQ(changed.size(), many);
    changed.clear();
    for (ServerRecord& server : state->servers) {
        server.config = std::make_shared<const config::RealServer>(*server.config);
        server.health.set_excluded(false);
    }
    checks.look_at_watched();
    EXPECT_TRUE(changed.empty()) << "a check of before is no word about a server of now";
}

// Echo requests that this namespace's kernel has heard.
int echoes_heard() {
    std::ifstream counters("/proc/thread-self/net/snmp");
    std::string line, name, value;
    while (std::getline(counters, line) && line.rfind("Icmp:", 0) != 0) {
    }
    std::istringstream names(line);
    std::getline(counters, line);
    std::istringstream values(line);
    while (names >> name && values >> value && name != "InEchos") {
    }
    return std::stoi(value);
}

// A listener's full queue drops SYNs as a dead host does. Each reset of a crowd is one more doubt.
TEST(Checks, AHostThatAnswersAnEchoIsNotSilent) {
    if (!testing_support::enter_own_namespace()) GTEST_SKIP() << "no network namespaces here";
    for (const auto& [address, lives] : {std::pair("127.0.0.1", true), {"192.168.8.11", false}}) {
        const auto state = state_of(
            router("A", "eth0", 51, "192.168.8.100/24") +
            "virtual_server 192.168.8.100 5672 {\n lb_kind FNAT\n delay_loop 60\nreal_server " +
            address + " 5672 {\nFILE_CHECK {\ntrack_file f\n}\n}\n}\nvrrp_track_file f {\n" +
            " file /f\n weight 0\n}\n");
        boost::asio::io_context io;
        journal::EventLog events;
        Checks checks(
            io, *state, events,
            {.changed = [](auto) {},
             .answered = [](auto) {},
             .weight_changed = [](auto) {},
             .silent = [](auto) {}},
            {.file = [](const auto&) { return vrrp::TrackedState::of(0, ""); }, .bfd = {}});
        balance::Silence& silence = state->servers[0].silence;
        silence.sample(0, 0, 1'000);
        silence.sample(5, 0, 1'000);
        ASSERT_TRUE(silence.is_doubted(1'060));
        const int before = echoes_heard();
        for (int doubts = 0; doubts < 10; ++doubts)
            checks.recheck(0);
        io.run_for(100ms);
        EXPECT_EQ(silence.is_evident(1'100), !lives) << address;
        EXPECT_EQ(echoes_heard() - before, lives ? 1 : 0);
    }
}

// A table of its own for the mark answers otherwise than the main one, which has no route at all.
// An interface that is not there cannot be bound to.
TEST(Checks, AMarkAndAnInterfaceAreTheSocketsOwn) {
    using testing_support::run;
    if (!testing_support::enter_own_namespace() || !run("ip rule add fwmark 5 lookup 100") ||
        !run("ip route add unreachable 203.0.113.1 table 100"))
        GTEST_SKIP() << "no network namespaces or policy routes here";
    std::string text = router("A", "eth0", 51, "192.168.8.100/24") +
                       "virtual_server 192.168.8.100 5672 {\n lb_kind DR\n";
    int last = 10;
    for (const char* more : {"", "fwmark 5\n", "bind_if nowhere\n"})
        text += "real_server 192.168.8." + std::to_string(++last) +
                " 5672 {\nTCP_CHECK {\nconnect_ip 203.0.113.1\n" + more + "}\n}\n";
    const auto state = state_of(text + "}\n");
    boost::asio::io_context io;
    journal::EventLog events;
    Checks checks(io, *state, events,
                  {.changed = [](std::uint16_t) {},
                   .answered = [](auto) {},
                   .weight_changed = [](auto) {},
                   .silent = [](auto) {}},
                  {});
    const auto all_known = [&] {
        return std::all_of(state->servers.begin(), state->servers.end(),
                           [](const model::ServerRecord& s) { return s.check.known; });
    };
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (!all_known() && io.run_one_until(deadline) != 0) {
    }
    ASSERT_TRUE(all_known());
    EXPECT_EQ(state->servers[0].check.text, "Network is unreachable");
    EXPECT_EQ(state->servers[1].check.text, "No route to host");
    EXPECT_EQ(state->servers[2].check.text, "No such device");
}

std::string checked_server(const std::string& check) {
    return router("A", "eth0", 51, "192.168.8.100/24") +
           "virtual_server 192.168.8.100 5672 {\nlb_kind FNAT\nlb_algo wrr\ndelay_loop "
           "0.01\nquorum 3\n"
           "real_server 192.168.8.11 5672 {\nweight 3\n" +
           check + "}\n}\ntrack_file load {\nfile /nowhere\n}\n";
}

struct Heard {
    boost::asio::io_context io;
    journal::EventLog events;
    std::vector<std::string> told;
    std::int64_t number = 0;  // in the file

    Checks::Callbacks listener() {
        return {.changed = [this](std::uint16_t) { told.emplace_back("changed"); },
                .answered = [](std::uint16_t) {},
                .weight_changed =
                    [this](std::uint16_t) {
                        told.emplace_back("weight_changed");
                        io.stop();
                    },
                .silent = [this](std::uint16_t) { told.emplace_back("silent"); }};
    }
    Checks::Watched watched() {
        return {.file =
                    [this](const std::string& name) {
                        return vrrp::TrackedState{vrrp::TrackedState::Standing::known,
                                                  name == "load" ? number : -1, "a number"};
                    },
                .bfd = {}};
    }
};

// A master that was cut off and is heard again: its servers were not asked in vain for long.
TEST(Checks, ThoseThatAreDownAreAskedAtOnceWhenTheWayIsOpen) {
    using boost::asio::ip::tcp;
    const tcp::endpoint any(boost::asio::ip::address_v4::loopback(), 0);
    Heard heard;
    tcp::endpoint place;
    {
        tcp::acceptor closed(heard.io, any);
        place = closed.local_endpoint();
    }
    const auto state =
        state_of(router("A", "eth0", 51, "192.168.8.100/24") +
                 "virtual_server 192.168.8.100 5672 {\nlb_kind FNAT\ndelay_loop 60\n"
                 "real_server 192.168.8.11 5672 {\nTCP_CHECK {\nretry 0\nconnect_ip 127.0.0.1\n"
                 "connect_port " +
                 std::to_string(place.port()) + "\n}\n}\n}\n");
    Checks::Callbacks callbacks = heard.listener();
    callbacks.changed = [&](std::uint16_t) { heard.io.stop(); };
    Checks checks(heard.io, *state, heard.events, callbacks, heard.watched());
    heard.io.run_for(10s);
    ASSERT_FALSE(state->servers[0].health.is_up());
    heard.io.restart();
    tcp::acceptor open(heard.io, place);
    checks.retry_those_down();
    heard.io.run_for(10s);
    EXPECT_TRUE(state->servers[0].health.is_up());
}

// The weight is what the scheduler, the quorum and an operator see.
TEST(Checks, AProgramGivesItsServerAWeight) {
    const auto weights = [](int exit_status) {
        const auto state =
            state_of(checked_server("MISC_CHECK {\nmisc_path \"/bin/sh -c 'exit " +
                                    std::to_string(exit_status) + "'\"\nmisc_dynamic\n}\n"));
        update_quorums(*state, 0);
        EXPECT_TRUE(state->services[0].has_quorum) << "3 of 3";
        Heard heard;
        Checks checks(heard.io, *state, heard.events, heard.listener(), heard.watched());
        heard.io.run_for(10s);
        EXPECT_EQ(heard.told, std::vector<std::string>{"weight_changed"});
        EXPECT_EQ(server_weight(state->servers[0]),
                  weight_of(state->servers[0]) * balance::weight_one);
        update_quorums(*state, 0);
        return std::pair(weight_of(state->servers[0]), state->services[0].has_quorum);
    };
    EXPECT_EQ(weights(9), std::pair(7U, true));
    EXPECT_EQ(weights(4), std::pair(2U, false)) << "2 of 3";
}

TEST(Checks, AFilesNumberMovesAWeightAndTakesAServerDown) {
    const auto state =
        state_of(checked_server("FILE_CHECK {\ntrack_file load\nweight -2\n}\nFILE_CHECK "
                                "{\ntrack_file load\nweight 0\n}\n"));
    Heard heard;
    Checks checks(heard.io, *state, heard.events, heard.listener(), heard.watched());
    checks.look_at_watched();
    EXPECT_TRUE(heard.told.empty()) << "0 changes nothing";
    heard.number = 1;
    checks.look_at_watched();
    EXPECT_EQ(heard.told, (std::vector<std::string>{"weight_changed", "changed"}));
    EXPECT_EQ(weight_of(state->servers[0]), 1U);
    EXPECT_FALSE(state->servers[0].health.is_up());
    heard.number = 9;
    checks.look_at_watched();
    EXPECT_EQ(weight_of(state->servers[0]), 0U) << "never below";
    heard.number = 0;
    checks.look_at_watched();
    EXPECT_EQ(weight_of(state->servers[0]), 3U);
    EXPECT_TRUE(state->servers[0].health.is_up());
}

// Then the station that has its address is doubted as well.
TEST(Checks, OnlySilenceIsToldAsSilence) {
    boost::asio::io_context io;
    boost::asio::ip::tcp::acceptor mute(
        io, boost::asio::ip::tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
    const auto told = [](const std::string& check) {
        const auto state = state_of(checked_server(check + "retry 0\n}\n"));
        Heard heard;
        Checks checks(heard.io, *state, heard.events, heard.listener(), heard.watched());
        const auto deadline = std::chrono::steady_clock::now() + 10s;
        while (heard.told.empty() && heard.io.run_one_until(deadline) != 0) {
        }
        return heard.told.at(0);
    };
    EXPECT_EQ(told("SMTP_CHECK {\nconnect_ip 127.0.0.1\nconnect_port " +
                   std::to_string(mute.local_endpoint().port()) + "\nconnect_timeout 0.1\n"),
              "silent");
    EXPECT_EQ(told("MISC_CHECK {\nmisc_path /bin/false\n"), "changed");
}

TEST(Checks, LogsAllFailuresIfAsked) {
    const auto failures = [](const std::string& more) {
        const auto state = state_of(checked_server(
            "MISC_CHECK {\nmisc_path /bin/false\nretry 2\ndelay_before_retry 0.01\n" + more +
            "}\n"));
        Heard heard;
        Checks checks(heard.io, *state, heard.events,
                      {.changed = [&](std::uint16_t) { heard.io.stop(); },
                       .answered = [](std::uint16_t) {},
                       .weight_changed = [](std::uint16_t) {},
                       .silent = [](std::uint16_t) {}},
                      heard.watched());
        heard.io.run_for(10s);
        int found = 0;
        for (std::uint64_t i = heard.events.first(); i < heard.events.end(); ++i)
            if (heard.events.at(i).text ==
                "MISC_CHECK of server 192.168.8.11:5672 failed: exit status 1")
                ++found;
        return found;
    };
    EXPECT_EQ(failures(""), 0);
    EXPECT_EQ(failures("log_all_failures\n"), 3);
}

// Once, when it has lasted.
TEST(Checks, WarnsOfACheckThatNeverCanTell) {
    using boost::asio::ip::tcp;
    Heard heard;
    tcp::acceptor closed(heard.io, {boost::asio::ip::address_v4::loopback(), 0});
    const std::string port = std::to_string(closed.local_endpoint().port());
    closed.close();
    const auto state =
        state_of(checked_server("RABBITMQ_CHECK {\nconnect_ip 127.0.0.1\nconnect_port " + port +
                                "\nusername w\npassword p\ninterval 0.1\n}\n"));
    Checks checks(heard.io, *state, heard.events, heard.listener(), heard.watched());
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (state->servers[0].unsure.in_a_row < 5 && heard.io.run_one_until(deadline) != 0) {
    }
    EXPECT_EQ(heard.events.count(journal::EventLevel::warning), 1U);
    EXPECT_NE(heard.events.at(heard.events.end() - 1)
                  .text.find("cannot tell how it is, 3 times in a row: management API:"),
              std::string::npos);
}

}  // namespace
}  // namespace warren::control
