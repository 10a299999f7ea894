// SPDX-License-Identifier: BSD-3-Clause
// Which mails reach a server, in which order, and what becomes of those that do not.
#include "mail/alerts.h"
#include "mail/mailer.h"

#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <vector>

#include "unit/programs/scratch_folder.h"

namespace warren::mail {
namespace {

using boost::asio::ip::tcp;
using programs::NotifyState;
using programs::run_until;

// Takes one mail a connection and keeps their subjects; a silent one says nothing at all.
class Server {
  public:
    explicit Server(boost::asio::io_context& io, bool silent = false)
        : acceptor_(io, {boost::asio::ip::make_address("127.0.0.1"), 0}), silent_(silent) {
        accept();
    }
    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

    std::vector<std::string> subjects;
    std::vector<std::string> texts;
    int open = 0, most_open = 0;

  private:
    struct Client {
        explicit Client(tcp::socket s) : socket(std::move(s)) {}
        tcp::socket socket;
        std::string input, text;
        bool in_data = false;
    };

    void accept() {
        acceptor_.async_accept([this](const boost::system::error_code& error, tcp::socket socket) {
            if (error) return;
            accept();
            auto client = std::make_shared<Client>(std::move(socket));
            most_open = std::max(most_open, ++open);
            if (!silent_)
                say(client, "220 mail\r\n");
            else
                clients_.push_back(client);
        });
    }
    void say(const std::shared_ptr<Client>& client, const std::string& text) {
        boost::asio::write(client->socket, boost::asio::buffer(text));
        if (text.starts_with("221")) {
            --open;
            return;
        }
        listen(client);
    }
    void listen(const std::shared_ptr<Client>& client) {
        boost::asio::async_read_until(
            client->socket, boost::asio::dynamic_buffer(client->input), "\r\n",
            [this, client](const boost::system::error_code& error, std::size_t bytes) {
                if (error) return;
                const std::string line = client->input.substr(0, bytes - 2);
                client->input.erase(0, bytes);
                take(client, line);
            });
    }
    void take(const std::shared_ptr<Client>& client, const std::string& line) {
        if (client->in_data) {
            client->text += line + "\n";
            if (line.starts_with("Subject: ")) subjects.push_back(line.substr(9));
            if (line != ".") return listen(client);
            client->in_data = false;
            texts.push_back(client->text);
            return say(client, "250 queued\r\n");
        }
        client->in_data = line == "DATA";
        say(client, line == "QUIT" ? "221 bye\r\n" : line == "DATA" ? "354 go\r\n" : "250 ok\r\n");
    }

    tcp::acceptor acceptor_;
    bool silent_;
    std::vector<std::shared_ptr<Client>> clients_;
};

class AlertsTest : public testing::Test {
  protected:
    void SetUp() override {
        config::Mail& mail = config_.global.mail;
        mail.server = "127.0.0.1";
        mail.port = server_.port();
        mail.to = {"ops@b.example"};
        mail.timeout_ns = 5'000'000'000;
        config_.global.router_id = "lb1";
        config_.vrrp_instances.emplace_back().name = "VI_1";
        config_.vrrp_sync_groups.emplace_back().name = "G";
        service_.address = *net::IpAddress::parse("192.168.8.100");
        service_.port = 5672;
        rabbit_.address = *net::IpAddress::parse("192.168.8.11");
        rabbit_.port = 5672;
    }
    void expect_subjects(const std::vector<std::string>& expected) {
        bool idle = false;
        alerts_.when_idle(10'000, [&] { idle = true; });
        EXPECT_TRUE(run_until(io_, [&] { return idle; }));
        EXPECT_EQ(server_.subjects, expected);
        EXPECT_LE(server_.most_open, 1);
    }
    std::string told() const {
        std::string all;
        for (std::uint64_t i = events_.first(); i < events_.end(); ++i)
            all += events_.at(i).text + "\n";
        return all;
    }

    boost::asio::io_context io_;
    journal::EventLog events_;
    config::Config config_;
    config::VirtualServer service_;
    config::RealServer rabbit_;
    Server server_{io_};
    Alerts alerts_{io_, config_, events_};
};

TEST_F(AlertsTest, RoutersAndGroupsInKeepalivedsWords) {
    config_.global.mail.alert = true;
    alerts_.on_instance("VI_1", NotifyState::backup, 90);
    alerts_.on_instance("VI_1", NotifyState::backup, 80);
    alerts_.on_group("G", NotifyState::backup);
    alerts_.on_instance("VI_1", NotifyState::master, 90);
    alerts_.on_instance("VI_1", NotifyState::fault, 90);
    alerts_.on_instance("VI_1", NotifyState::stop, 90);
    expect_subjects({"[lb1] VRRP Instance VI_1 - Entering BACKUP state",
                     "[lb1] VRRP Group G - Entering BACKUP state",
                     "[lb1] VRRP Instance VI_1 - Entering MASTER state",
                     "[lb1] VRRP Instance VI_1 - Entering FAULT state",
                     "[lb1] VRRP Instance VI_1 - Stopping"});
    EXPECT_NE(server_.texts[0].find("\n=> VRRP Instance is no longer owning VRRP VIPs <=\n"),
              std::string::npos);
}

TEST_F(AlertsTest, ServersAndQuorums) {
    config_.global.mail.checker_alert = true;
    alerts_.on_server(service_, rabbit_, false, "connection refused");
    alerts_.on_quorum(service_, false, "Lost quorum: weight 0 of 1");
    expect_subjects(
        {"[lb1] Realserver [192.168.8.11]:tcp:5672 of virtual server "
         "[192.168.8.100]:tcp:5672 - DOWN",
         "[lb1] Virtualserver [192.168.8.100]:tcp:5672 - DOWN"});
    EXPECT_NE(server_.texts[0].find("\n=> connection refused <=\n"), std::string::npos);
}

TEST_F(AlertsTest, WhatNobodyAskedForIsNotSent) {
    config_.global.mail.faults = false;
    config_.vrrp_sync_groups[0].smtp_alert = true;
    rabbit_.smtp_alert = false;
    alerts_.on_instance("VI_1", NotifyState::master, 90);  // nothing says that it shall be
    alerts_.on_group("G", NotifyState::fault);
    alerts_.on_server(service_, rabbit_, false, "refused");
    alerts_.on_quorum(service_, false, "lost");
    expect_subjects({});
    rabbit_.smtp_alert.reset();  // keepalived's default: of servers only
    alerts_.on_server(service_, rabbit_, true, "answers");
    expect_subjects(
        {"[lb1] Realserver [192.168.8.11]:tcp:5672 of virtual server "
         "[192.168.8.100]:tcp:5672 - UP"});
}

TEST_F(AlertsTest, WithoutReadersOrServerThereIsNoMail) {
    config_.global.mail.alert = true;
    config_.global.mail.to.clear();
    alerts_.on_instance("VI_1", NotifyState::master, 90);
    config_.global.mail.to = {"ops@b.example"};
    config_.global.mail.server.clear();
    alerts_.on_instance("VI_1", NotifyState::backup, 90);
    expect_subjects({});
}

TEST_F(AlertsTest, AServerThatSaysNothingCostsItsMailsOnly) {
    Server silent(io_, true);
    config_.global.mail.alert = true;
    config_.global.mail.timeout_ns = 100'000'000;
    config_.global.mail.port = silent.port();
    alerts_.on_instance("VI_1", NotifyState::master, 90);
    config_.global.mail.port = server_.port();
    alerts_.on_instance("VI_1", NotifyState::backup, 90);
    expect_subjects({"[lb1] VRRP Instance VI_1 - Entering BACKUP state"});
    EXPECT_NE(told().find("mail '[lb1] VRRP Instance VI_1 - Entering MASTER state' is not sent: "
                          "127.0.0.1: timed out"),
              std::string::npos)
        << told();
}

TEST_F(AlertsTest, TooManyThatWaitAreToldOfOnce) {
    Server silent(io_, true);
    config_.global.mail.port = silent.port();
    for (std::size_t i = 0; i < Mailer::max_waiting + 10; ++i)
        alerts_.on_server(service_, rabbit_, i % 2 == 0, "flaps");
    EXPECT_EQ(told(), "mail: 64 wait for 127.0.0.1: further ones are left out\n");
}

TEST_F(AlertsTest, NobodyListensThere) {
    config_.global.mail.alert = true;
    config_.global.mail.port = 1;
    alerts_.on_instance("VI_1", NotifyState::master, 90);
    expect_subjects({});
    EXPECT_NE(told().find("Connection refused"), std::string::npos) << told();
}

}  // namespace
}  // namespace warren::mail
