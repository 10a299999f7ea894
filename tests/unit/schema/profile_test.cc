// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include "load_text.h"

namespace warren::schema {
namespace profile_test {

std::string service(const std::string& port, const std::string& lines) {
    return "vrrp_instance V {\ninterface eth0\nvirtual_router_id 51\nvirtual_ipaddress {\n"
           "10.0.0.1/24\n}\n}\nvirtual_server 10.0.0.1 " +
           port + " {\n" + lines + "\nreal_server 10.0.0.2 {\nTCP_CHECK {\n}\n}\n}\n";
}

config::VirtualServer loaded(const std::string& port, const std::string& lines) {
    const LoadResult result = load_text(service(port, lines));
    EXPECT_TRUE(result.ok()) << messages(result.diagnostics);
    return result.ok() ? result.config.virtual_servers.at(0) : config::VirtualServer{};
}

TEST(Profile, OneLineIsEnough) {
    const LoadResult result = load_text(service("5672", "profile rabbitmq"));
    EXPECT_EQ(messages(result.diagnostics), "");
    const config::VirtualServer server = loaded("5672", "profile rabbitmq");
    EXPECT_EQ(server.lb_algo, config::LbAlgo::wlc);
    EXPECT_EQ(server.lb_kind, config::LbKind::fnat);
    EXPECT_EQ(server.protocol, config::Protocol::tcp);
    EXPECT_EQ(server.establish_timeout_ns, 7'440 * config::ns_per_s);
    const auto& check = std::get<config::TcpCheck>(server.real_servers.at(0).checkers.at(0));
    EXPECT_EQ(check.timing.delay_loop_ns, 200 * config::ns_per_ms);
    EXPECT_EQ(check.timing.connect_timeout_ns, config::ns_per_s);
    EXPECT_EQ(check.timing.retry, 1U);
    EXPECT_EQ(check.timing.delay_before_retry_ns, 200 * config::ns_per_ms);
}

TEST(Profile, EachPortHasItsScheduler) {
    const std::pair<const char*, config::LbAlgo> ports[] = {
        {"5671", config::LbAlgo::wlc},  {"1883", config::LbAlgo::wlc},
        {"8883", config::LbAlgo::wlc},  {"5552", config::LbAlgo::rr},
        {"15672", config::LbAlgo::sh},  {"61613", config::LbAlgo::wlc},
        {"15674", config::LbAlgo::wlc}, {"15675", config::LbAlgo::wlc},
        {"5551", config::LbAlgo::rr},   {"15671", config::LbAlgo::sh},
    };
    for (const auto& [port, algo] : ports)
        EXPECT_EQ(loaded(port, "profile rabbitmq").lb_algo, algo) << port;
}

TEST(Profile, WhatStandsThereByHandWins) {
    for (const char* lines : {"profile rabbitmq\nlb_algo mh\nlb_kind DR\ndelay_loop 3",
                              "lb_algo mh\nlb_kind DR\ndelay_loop 3\nprofile rabbitmq"}) {
        const config::VirtualServer server = loaded("5672", lines);
        EXPECT_EQ(server.lb_algo, config::LbAlgo::mh);
        EXPECT_EQ(server.lb_kind, config::LbKind::dr);
        EXPECT_EQ(server.timing.delay_loop_ns, 3 * config::ns_per_s);
        EXPECT_EQ(server.timing.connect_timeout_ns, config::ns_per_s) << "the profile's";
    }
}

TEST(Profile, ItsSchedulerIsWarnedOfAsOneByHand) {
    const std::string told =
        messages(load_text(service("15672", "profile rabbitmq\nrebalance {\n}")).diagnostics);
    EXPECT_NE(told.find("where its clients go is fixed: nothing is moved"), std::string::npos);
}

TEST(Profile, OthersAreErrors) {
    EXPECT_NE(messages(load_text(service("5672", "profile kafka")).diagnostics)
                  .find("'profile' is rabbitmq, not 'kafka'"),
              std::string::npos);
    EXPECT_NE(messages(load_text(service("80", "profile rabbitmq")).diagnostics)
                  .find("knows RabbitMQ's own ports"),
              std::string::npos);
}

}  // namespace profile_test
}  // namespace warren::schema
