// SPDX-License-Identifier: BSD-3-Clause
// AMQP_CHECK and RABBITMQ_CHECK: text to what is checked, and what the operator hears.
#include <gtest/gtest.h>

#include "load_text.h"

namespace warren::schema {
namespace broker_checks_test {

std::string with_check(const std::string& check, const std::string& server = "10.0.0.2",
                       const std::string& service = "") {
    return "vrrp_instance V {\ninterface eth0\nvirtual_router_id 51\nvirtual_ipaddress {\n"
           "10.0.0.1/24\n}\n}\n"
           "virtual_server 10.0.0.1 5672 {\nlb_algo wlc\nlb_kind FNAT\n" +
           service + "real_server " + server + " 5672 {\n" + check + "\n}\n}\n";
}

const char* const login = "username warren\npassword secret\n";

std::string told(const std::string& check, const std::string& server = "10.0.0.2") {
    std::string all;
    for (const syntax::Diagnostic& d : load_text(with_check(check, server)).diagnostics)
        if (d.severity != syntax::Severity::note) all += d.message + "\n";
    return all;
}

template <typename Check>
Check loaded(const std::string& check, const std::string& service = "") {
    const LoadResult result = load_text(with_check(check, "10.0.0.2", service));
    EXPECT_TRUE(result.ok()) << messages(result.diagnostics);
    if (!result.ok()) return {};
    const auto& checkers = result.config.virtual_servers.at(0).real_servers.at(0).checkers;
    EXPECT_EQ(checkers.size(), 1U);
    return std::get<Check>(checkers.at(0));
}

TEST(AmqpCheck, AllOfIt) {
    const auto check = loaded<config::AmqpCheck>(
        "AMQP_CHECK {\nlevel publish\nusername warren\npassword_file /etc/warren/p\nvhost prod\n"
        "heartbeat 5\npublish_interval 2\ncluster_name rabbit@prod\n"
        "tls {\nca_file /etc/ca.pem\nserver_name rabbit1\nverify off\ncert_file /etc/own.pem\n"
        "key_file /etc/own.key\n}\n"
        "proxy_header on\nconnect_timeout 2\nretry 3\ndelay_before_retry 0.5\n"
        "connect_ip 10.0.0.3\nconnect_port 5671\nbindto 10.0.0.9\n}");
    EXPECT_EQ(check.level, config::AmqpLevel::publish);
    EXPECT_EQ(check.login, (config::CheckLogin{"warren", "", "/etc/warren/p"}));
    EXPECT_EQ(check.vhost, "prod");
    EXPECT_EQ(check.heartbeat_s, 5U);
    EXPECT_EQ(check.publish_interval_ns, 2 * config::ns_per_s);
    EXPECT_EQ(check.cluster_name, "rabbit@prod");
    EXPECT_EQ(check.tls,
              (config::CheckTls{"/etc/ca.pem", "rabbit1", false, "/etc/own.pem", "/etc/own.key"}));
    EXPECT_EQ(check.proxy_header, true);
    EXPECT_EQ(check.timing.connect_timeout_ns, 2 * config::ns_per_s);
    EXPECT_EQ(check.timing.retry, 3U);
    EXPECT_EQ(check.timing.delay_before_retry_ns, config::ns_per_s / 2);
    EXPECT_EQ(check.endpoint.connect_port, 5671);
    EXPECT_EQ(check.endpoint.connect_ip, net::IpAddress::v4(10, 0, 0, 3));
    EXPECT_EQ(check.endpoint.bind_ip, net::IpAddress::v4(10, 0, 0, 9));
}

TEST(AmqpCheck, TheQuietWayIsTheDefault) {
    const auto check = loaded<config::AmqpCheck>(std::string("AMQP_CHECK {\n") + login + "}");
    EXPECT_EQ(check.level, config::AmqpLevel::session);
    EXPECT_EQ(check.vhost, "/");
    EXPECT_EQ(check.heartbeat_s, 1U);
    EXPECT_FALSE(check.tls);
    EXPECT_EQ(check.proxy_header, false);
    EXPECT_EQ(check.timing.connect_timeout_ns, config::ns_per_s);
    EXPECT_EQ(check.timing.retry, 1U);
    EXPECT_EQ(check.timing.delay_before_retry_ns, 200 * config::ns_per_ms);
}

// Who talks to the port that our clients come to begins as they do.
TEST(HttpCheck, SendsTheHeaderOfItsVirtualServer) {
    const auto header = [](const std::string& more, const std::string& proxy) {
        return loaded<config::HttpCheck>("HTTP_GET {\nurl {\npath /\n}\n" + more + "}", proxy)
            .endpoint.proxy_protocol;
    };
    const std::string v1 = "proxy_protocol v1\n";
    EXPECT_EQ(header("", ""), net::ProxyVersion::none);
    EXPECT_EQ(header("", v1), net::ProxyVersion::v1);
    EXPECT_EQ(header("", "proxy_protocol v2\n"), net::ProxyVersion::v2);
    EXPECT_EQ(header("connect_port 5672\n", v1), net::ProxyVersion::v1) << "the same listener";
    EXPECT_EQ(header("connect_port 15672\n", v1), net::ProxyVersion::none);
    EXPECT_EQ(header("connect_ip 10.0.0.77\n", v1), net::ProxyVersion::none);
}

TEST(SmtpCheck, SendsTheHeaderOfItsVirtualServerToEachHostOfItsPort) {
    const auto check = loaded<config::SmtpCheck>(
        "SMTP_CHECK {\nhost {\nconnect_ip 10.0.0.2\n}\nhost {\nconnect_port 2525\n}\n}",
        "proxy_protocol v2\n");
    EXPECT_EQ(check.endpoint.proxy_protocol, net::ProxyVersion::v2);
    ASSERT_EQ(check.hosts.size(), 2U);
    EXPECT_EQ(check.hosts[0].proxy_protocol, net::ProxyVersion::v2);
    EXPECT_EQ(check.hosts[1].proxy_protocol, net::ProxyVersion::none) << "another listener";
}

TEST(AmqpCheck, WhatTheOperatorHears) {
    EXPECT_EQ(told("AMQP_CHECK {\nusername warren\npassword secret\n}"), "");
    EXPECT_EQ(told("AMQP_CHECK {\n}"),
              "AMQP_CHECK needs a username\nAMQP_CHECK needs a password or a password_file\n");
    EXPECT_EQ(told("AMQP_CHECK {\nusername warren\npassword x\npassword_file /p\n}"),
              "AMQP_CHECK has a password and a password_file: the file's is taken\n");
    EXPECT_EQ(
        told("AMQP_CHECK {\nusername guest\npassword guest\n}"),
        "AMQP_CHECK: brokers refuse 'guest' from afar (loopback_users): give the check a user "
        "of its own\n");
    EXPECT_NE(told("AMQP_CHECK {\nlevel greeting\n}").find("level session is silent"),
              std::string::npos);
    EXPECT_NE(told("AMQP_CHECK {\nlevel sesion\nusername w\npassword p\n}")
                  .find("is one of greeting, session, publish"),
              std::string::npos);
    EXPECT_NE(told("AMQP_CHECK {\nheartbeat 0\nusername w\npassword p\n}"), "");
}

TEST(RabbitmqCheck, AllOfIt) {
    const auto check = loaded<config::RabbitmqCheck>(
        "RABBITMQ_CHECK {\nurl https://10.0.0.3:15671/rabbit/\nusername warren\npassword secret\n"
        "interval 10\nstrict\ntls {\nca_file /etc/ca.pem\n}\n}");
    EXPECT_EQ(check.endpoint.connect_ip, net::IpAddress::v4(10, 0, 0, 3));
    EXPECT_EQ(check.endpoint.connect_port, 15'671);
    EXPECT_EQ(check.path_prefix, "/rabbit");
    EXPECT_EQ(check.timing.delay_loop_ns, 10 * config::ns_per_s);
    EXPECT_TRUE(check.strict);
    EXPECT_EQ(check.tls, (config::CheckTls{"/etc/ca.pem", "", true, "", ""}));
}

TEST(RabbitmqCheck, LittleIsEnough) {
    const auto check =
        loaded<config::RabbitmqCheck>(std::string("RABBITMQ_CHECK {\n") + login + "}");
    EXPECT_FALSE(check.endpoint.connect_port) << "15672";
    EXPECT_EQ(check.timing.delay_loop_ns, 5 * config::ns_per_s);
    EXPECT_FALSE(check.strict);
}

TEST(RabbitmqCheck, HasTimeForAllItsQuestions) {
    const auto timeout_ns = [](const std::string& own) {
        return loaded<config::RabbitmqCheck>("RABBITMQ_CHECK {\n" + own + login + "}",
                                             "profile rabbitmq\n")
            .timing.connect_timeout_ns;
    };
    EXPECT_EQ(timeout_ns(""), 5 * config::ns_per_s) << "the profile's is for one question";
    EXPECT_EQ(timeout_ns("connect_timeout 2\n"), 2 * config::ns_per_s);
}

TEST(AmqpCheck, TakesWhatItsServiceSaysThoughItIsTheUsual) {
    const auto timeout_ns = [](const std::string& service) {
        return loaded<config::AmqpCheck>(std::string("AMQP_CHECK {\n") + login + "}", service)
            .timing.connect_timeout_ns;
    };
    EXPECT_EQ(timeout_ns(""), 1 * config::ns_per_s);
    EXPECT_EQ(timeout_ns("connect_timeout 5\n"), 5 * config::ns_per_s);
}

TEST(RabbitmqCheck, TakesWhatItsServiceSaysThoughItIsTheUsual) {
    const auto check = loaded<config::RabbitmqCheck>(
        std::string("RABBITMQ_CHECK {\n") + login + "}", "delay_loop 0.2\n");
    EXPECT_EQ(check.timing.delay_loop_ns, config::ns_per_s / 5);
}

TEST(RabbitmqCheck, UrlsAreAddresses) {
    const auto url = [](const std::string& text) {
        return told("RABBITMQ_CHECK {\nurl " + text + "\nusername w\npassword p\n}");
    };
    EXPECT_EQ(url("http://10.0.0.2"), "");
    EXPECT_EQ(url("http://10.0.0.2:15672"), "");
    EXPECT_EQ(url("http://[2001:db8::1]:15672/x"), "");
    EXPECT_EQ(url("http://[2001:db8::1]"), "");
    for (const char* text : {"http://rabbit1:15672", "http://10.0.0.2:0", "http://10.0.0.2:99999",
                             "http://10.0.0.2:", "http://[::1", "http://"})
        EXPECT_NE(url(text).find("with an address and no name"), std::string::npos) << text;
    EXPECT_NE(url("10.0.0.2").find("begins with http://"), std::string::npos);
}

}  // namespace broker_checks_test
}  // namespace warren::schema
