// SPDX-License-Identifier: BSD-3-Clause
// From text to checks that run, against real sockets and programs.
#include "checks/start_check.h"

#include <gtest/gtest.h>

#include <chrono>

#include "../health/layer5_servers.h"
#include "schema/load.h"

namespace warren::checks {
namespace {

using namespace testing_support;

config::Config config_of(const std::string& text) {
    const auto read = [&](std::string_view) { return std::optional(text); };
    return schema::load("f", read, {}).config;
}

std::string server(std::uint16_t port, const std::string& more) {
    return "virtual_server 192.0.2.1 80 {\nlb_kind NAT\ndelay_loop 0.01\nreal_server 127.0.0.1 " +
           std::to_string(port) + " {\nweight 3\n" + more + "}\n}\n";
}

class StartCheckTest : public testing::Test {
  protected:
    std::vector<health::CheckResult> results_of(const std::string& text, std::size_t enough) {
        const config::Config config = config_of(text);
        const config::RealServer& real = config.virtual_servers.at(0).real_servers.at(0);
        std::vector<health::CheckResult> results;
        const auto checker = start_check({io, children, config.global}, real, real.checkers.at(0),
                                         [&](const health::CheckResult& result) {
                                             results.push_back(result);
                                             if (results.size() == enough) io.stop();
                                             return health::Pace::steady;
                                         });
        io.restart();
        io.run_for(std::chrono::seconds(10));
        EXPECT_EQ(results.size(), enough);
        results.resize(enough, {health::Reason::other, 0, "nothing came"});
        return results;
    }

    boost::asio::io_context io;
    programs::Children children{io, 100};
};

TEST_F(StartCheckTest, HttpAsksForTheNearestHost) {
    TextServer web(io, {"HTTP/1.0 200 OK\r\n\r\nhello"});
    const std::uint16_t port = web.target().port;
    const auto host = [&](const std::string& of_server, const std::string& of_check,
                          const std::string& of_url) {
        results_of(
            server(port, of_server + "HTTP_GET {\n" + of_check + "url {\n" + of_url + "}\n}\n"), 1);
        const std::string& request = web.heard.back();
        const std::size_t begin = request.find("Host: ") + 6;
        return request.substr(begin, request.find('\r', begin) - begin);
    };
    EXPECT_EQ(host("", "", ""), "127.0.0.1:" + std::to_string(port));
    EXPECT_EQ(host("virtualhost a\n", "", ""), "a");
    EXPECT_EQ(host("virtualhost a\n", "virtualhost b\n", ""), "b");
    EXPECT_EQ(host("virtualhost a\n", "virtualhost b\n", "virtualhost c\n"), "c");
}

TEST_F(StartCheckTest, HttpWantsWhatItsUrlSays) {
    TextServer web(io, {"HTTP/1.0 404 No\r\n\r\nhello"});
    const auto text = [&](const std::string& more) {
        return results_of(
                   server(web.target().port, "HTTP_GET {\nurl {\npath /x\n" + more + "}\n}\n"),
                   1)[0]
            .text;
    };
    EXPECT_EQ(text(""), "/x: HTTP status 404");
    EXPECT_EQ(text("status_code 200 404\n"), "");
    EXPECT_EQ(text("status_code 400-499\nregex ^HELLO$\nregex_options caseless\n"), "");
    EXPECT_EQ(text("status_code 404\nregex hello\nregex_no_match\n"), "/x: regex matches");
}

TEST_F(StartCheckTest, SslGetSendsItsNames) {
    TlsTextServer web(io, {"HTTP/1.0 200 OK\r\n\r\nhello"});
    const auto name = [&](const std::string& more) {
        web.server_names.clear();
        results_of(server(web.target().port,
                          "SSL_GET {\n" + more + "url {\nvirtualhost web.example\n}\n}\n"),
                   1);
        return web.server_names.empty() ? "" : web.server_names[0];
    };
    EXPECT_EQ(name(""), "");
    EXPECT_EQ(name("enable_sni\n"), "web.example");
    EXPECT_EQ(name("sni_name other.example\n"), "other.example");
}

TEST_F(StartCheckTest, MiscRunsItsProgramWithItsWords) {
    const auto result = [&](const std::string& more) {
        return results_of(server(1, "MISC_CHECK {\n" + more + "}\n"), 1)[0];
    };
    EXPECT_TRUE(result("misc_path \"/usr/bin/test 'a b' = 'a b'\"\n").ok());
    EXPECT_EQ(result("misc_path \"/usr/bin/test a = b\"\n").text, "exit status 1");
    EXPECT_EQ(result("misc_path \"/bin/sh -c 'exit 9'\"\n").text, "exit status 9");
    EXPECT_EQ(result("misc_path \"/bin/sh -c 'exit 9'\"\nmisc_dynamic\n").weight_change, 4)
        << "weight 7, configured 3";
    EXPECT_EQ(result("misc_path /no/such\n").reason, health::Reason::local);
    EXPECT_EQ(result("misc_path /no/such\n").text, "'/no/such': No such file or directory");
}

TEST_F(StartCheckTest, MiscThatHangsIsEnded) {
    const auto begin = std::chrono::steady_clock::now();
    const auto result = results_of(
        server(1, "MISC_CHECK {\nmisc_path \"/bin/sleep 60\"\nmisc_timeout 0.2\n}\n"), 1)[0];
    EXPECT_EQ(result.text, "timed out");
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
    EXPECT_EQ(children.running(), 0U);
}

TEST_F(StartCheckTest, AFilesNumberIsAWeightOrAVerdict) {
    const auto number = [](std::int64_t n) {
        return vrrp::TrackedState{vrrp::TrackedState::Standing::known, n, std::to_string(n)};
    };
    config::FileCheck check;
    check.track_file = "f";
    check.weight = -2;
    EXPECT_EQ(judge(check, number(3)).weight_change, -6);
    EXPECT_TRUE(judge(check, number(3)).ok());
    check.reverse = true;
    EXPECT_EQ(judge(check, number(3)).weight_change, 6);
    check.weight = INT32_MAX;
    EXPECT_FALSE(judge(check, number(2)).ok()) << "beyond every weight";
    check.weight = 0;
    EXPECT_FALSE(judge(check, number(0)).ok());
    EXPECT_TRUE(judge(check, number(1)).ok());
    check.reverse = false;
    EXPECT_TRUE(judge(check, number(0)).ok());
    EXPECT_EQ(judge(check, number(1)).text, "track_file f says 1");
}

TEST_F(StartCheckTest, ASessionThatIsNotUpIsDown) {
    EXPECT_TRUE(judge(vrrp::TrackedState::of(true, "up")).ok());
    EXPECT_FALSE(judge(vrrp::TrackedState::of(false, "down")).ok());
    EXPECT_FALSE(judge(vrrp::TrackedState{}).ok());
}

TEST_F(StartCheckTest, FaultsAreFoundBefore) {
    const auto faults = [](const std::string& check) {
        std::string all;
        for (const syntax::Diagnostic& found : find_faults(config_of(server(1, check))))
            all += found.message + "\n";
        return all;
    };
    EXPECT_EQ(faults("HTTP_GET {\nurl {\nregex a+\nregex_options dotall\n}\n}\n"), "");
    EXPECT_NE(faults("HTTP_GET {\nurl {\nregex a(\n}\n}\n").find("regex 'a(' cannot match"),
              std::string::npos);
    EXPECT_EQ(faults("HTTP_GET {\nurl {\nregex a\nregex_options anchored\n}\n}\n"),
              "regex_options: there is no option 'anchored'\n");
    EXPECT_EQ(faults("DNS_CHECK {\ntype PTR\nname a..b\n}\n"),
              "DNS_CHECK: there is no type 'PTR': SOA is asked for\n"
              "DNS_CHECK: 'a..b' is no name that DNS has\n");
    EXPECT_EQ(faults("UDP_CHECK {\npayload xy\nrequire_reply 0g\nmin_reply_length 300\n}\n"),
              "UDP_CHECK: the payload is no hexadecimal text: random bytes are sent\n"
              "UDP_CHECK: require_reply is no hexadecimal text: any reply will do\n"
              "UDP_CHECK: min_reply_length is above max_reply_length: it always fails\n");
    for (const std::string check : {"AMQP_CHECK", "RABBITMQ_CHECK"})
        EXPECT_EQ(faults(check + " {\nusername w\npassword_file /no/such\n"
                                 "tls {\nca_file /nor/such\n}\n}\n"),
                  "password_file: cannot read /no/such: No such file or directory\n"
                  "ca_file: cannot use /nor/such: No such file or directory\n");
    EXPECT_EQ(faults("AMQP_CHECK {\nusername w\npassword p\ntls {\ncert_file /no/such\n}\n}\n"),
              "cert_file: cannot use /no/such: No such file or directory\n");
    EXPECT_EQ(faults("AMQP_CHECK {\nusername w\npassword p\ntls {\nkey_file /no/such\n}\n}\n"),
              "key_file: there is no cert_file\n");
}

}  // namespace
}  // namespace warren::checks
