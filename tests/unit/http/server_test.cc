// SPDX-License-Identifier: BSD-3-Clause
// Real sockets on loopback: what readers get, and that bad ones do no harm.
#include "http/server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <chrono>
#include <filesystem>
#include <future>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace warren::http {
namespace {

class Client {
  public:
    explicit Client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        is_connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0;
        const timeval patience{8, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    }
    ~Client() { ::close(socket_); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    bool is_connected() const { return is_connected_; }
    bool send(const std::string& text) const {
        return ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) ==
               static_cast<ssize_t>(text.size());
    }
    // Until `end` has come, or the other has closed.
    std::string receive(const std::string& end = "\0") const {
        std::string all;
        char part[4096];
        while (end.empty() || all.find(end) == std::string::npos) {
            const ssize_t size = ::recv(socket_, part, sizeof(part), 0);
            if (size <= 0) break;
            all.append(part, static_cast<std::size_t>(size));
        }
        return all;
    }
    std::string ask(const std::string& text) const {
        send(text);
        return receive("");
    }

  private:
    int socket_;
    bool is_connected_ = false;
};

std::string get(const std::string& path, const std::string& more = "Connection: close\r\n") {
    return "GET " + path + " HTTP/1.1\r\nHost: x\r\n" + more + "\r\n";
}

unsigned status_of(const std::string& answer) {
    return answer.starts_with("HTTP/1.1 ") ? static_cast<unsigned>(std::stoi(answer.substr(9, 3)))
                                           : 0;
}

class HttpServer : public testing::Test {
  protected:
    HttpServer() {
        port_ = free_port();
        on_loop([this] {
            server_ = std::make_unique<Server>(
                io_, events_, attempts_, "a",
                [this](const Question& question, const Reply& reply) { reply(handle(question)); });
            server_->follow({*config::read_http_address("127.0.0.1:" + std::to_string(port_))});
        });
    }
    ~HttpServer() override {
        on_loop([this] { server_.reset(); });
        work_.reset();
        io_.stop();
        thread_.join();
    }

    Answer handle(const Question& question) {
        ++asked_;
        if (question.path == "/throw") throw std::runtime_error("no");
        if (question.path == "/large") return text_answer(200, std::string(4'000'000, 'x'));
        return text_answer(200, question.path + "|" + question.query);
    }
    void on_loop(std::function<void()> work) {
        std::promise<void> done;
        boost::asio::post(io_, [&] {
            work();
            done.set_value();
        });
        done.get_future().wait();
    }
    static std::uint16_t free_port() {
        const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof(at);
        ::bind(socket, reinterpret_cast<const sockaddr*>(&at), size);
        ::getsockname(socket, reinterpret_cast<sockaddr*>(&at), &size);
        ::close(socket);
        return ntohs(at.sin_port);
    }
    std::string ask(const std::string& text) { return Client(port_).ask(text); }
    bool still_answers() { return status_of(ask(get("/x"))) == 200; }

    boost::asio::io_context io_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
        io_.get_executor()};
    std::thread thread_{[this] { io_.run(); }};
    journal::EventLog events_;
    journal::Attempts attempts_{events_};
    std::uint16_t port_ = 0;
    unsigned asked_ = 0;
    std::unique_ptr<Server> server_;
};

TEST_F(HttpServer, AnswersGetAndHead) {
    const std::string whole = ask(get("/metrics?scope=vrrp"));
    EXPECT_EQ(status_of(whole), 200U);
    EXPECT_TRUE(whole.ends_with("\r\n\r\n/metrics|scope=vrrp")) << whole;
    EXPECT_NE(whole.find("X-Content-Type-Options: nosniff"), std::string::npos);
    EXPECT_NE(whole.find("Content-Security-Policy: default-src 'none'"), std::string::npos);
    const std::string head = ask("HEAD /metrics HTTP/1.1\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(status_of(head), 200U);
    EXPECT_NE(head.find("Content-Length: 9\r\n"), std::string::npos) << head;
    EXPECT_TRUE(head.ends_with("\r\n\r\n"));
}

TEST_F(HttpServer, OneConnectionMayAskOften) {
    const Client client(port_);
    for (int i = 0; i < 50; ++i) {
        client.send(get("/" + std::to_string(i), ""));
        EXPECT_TRUE(client.receive("/" + std::to_string(i) + "|").starts_with("HTTP/1.1 200"));
    }
}

TEST_F(HttpServer, NothingIsChangedOverHttp) {
    for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "CONNECT"}) {
        const std::string said = ask(std::string(method) + " / HTTP/1.1\r\nHost: x\r\n\r\n");
        EXPECT_EQ(status_of(said), 405U) << method << said;
        EXPECT_NE(said.find("Allow: GET, HEAD\r\n"), std::string::npos);
    }
    EXPECT_EQ(asked_, 0U);
}

TEST_F(HttpServer, NonsenseIsRefusedAndForgotten) {
    EXPECT_EQ(status_of(ask("nonsense\r\n\r\n")), 400U);
    EXPECT_EQ(status_of(ask("GET / HTTP/9.9\r\n\r\n")), 400U);
    EXPECT_EQ(status_of(ask("GET  / HTTP/1.1\r\n\r\n")), 400U);
    EXPECT_EQ(status_of(ask(std::string("GET /\0 HTTP/1.1\r\n\r\n", 18))), 400U);
    EXPECT_EQ(status_of(ask("GET http://x/ HTTP/1.1\r\n\r\n")), 400U);
    EXPECT_EQ(status_of(ask("GET / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc")), 413U);
    EXPECT_EQ(status_of(ask("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")),
              413U);
    EXPECT_EQ(status_of(ask(get("/throw"))), 500U);
    EXPECT_TRUE(still_answers());
}

TEST_F(HttpServer, AHeadHasEightKilobytes) {
    EXPECT_EQ(
        status_of(ask(get("/x", "Connection: close\r\nX: " + std::string(7'000, 'a') + "\r\n"))),
        200U);
    EXPECT_EQ(status_of(ask(get("/x", "X: " + std::string(8'000, 'a') +
                                          "\r\nY: " + std::string(200, 'a') + "\r\n"))),
              431U);
    EXPECT_EQ(status_of(ask("GET /" + std::string(20'000, 'a'))), 431U);
    EXPECT_TRUE(still_answers());
}

TEST_F(HttpServer, RandomBytesDoNoHarm) {
    std::mt19937 random(1);
    const std::string seed = get("/metrics?scope=vrrp", "Connection: close\r\nAccept: */*\r\n");
    for (int round = 0; round < 300; ++round) {
        std::string text = seed;
        for (unsigned i = 0; i < 1 + random() % 8; ++i)
            text[random() % text.size()] = static_cast<char>(random());
        const Client client(port_);
        client.send(text);
        ::usleep(200);
    }
    EXPECT_TRUE(still_answers());
}

TEST_F(HttpServer, WhoIsSlowIsLeft) {
    const auto begin = std::chrono::steady_clock::now();
    const Client client(port_);
    client.send("GET / HTTP/1.1\r\nHost");
    EXPECT_EQ(client.receive(""), "");
    const auto passed = std::chrono::steady_clock::now() - begin;
    EXPECT_GT(passed, std::chrono::milliseconds(1'500));
    EXPECT_LT(passed, std::chrono::seconds(6));
}

TEST_F(HttpServer, AHundredAtOnceAreAllAnswered) {
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 100; ++i) {
        clients.push_back(std::make_unique<Client>(port_));
        ASSERT_TRUE(clients.back()->is_connected()) << i;
    }
    for (const auto& client : clients)
        client->send(get("/all"));
    for (const auto& client : clients)
        EXPECT_EQ(status_of(client->receive("")), 200U);
    EXPECT_EQ(asked_, 100U);
}

TEST_F(HttpServer, HeldPlacesComeFree) {
    std::vector<std::unique_ptr<Client>> silent;
    for (std::size_t i = 0; i < 2 * max_connections; ++i)
        silent.push_back(std::make_unique<Client>(port_));
    EXPECT_TRUE(still_answers()) << "after the silent ones have had their time, twice";
}

std::ptrdiff_t open_files() {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

TEST_F(HttpServer, AllAddressesHaveOneRoom) {
    const std::uint16_t other = free_port();
    on_loop([&] {
        server_->follow({*config::read_http_address("127.0.0.1:" + std::to_string(port_)),
                         *config::read_http_address("127.0.0.1:" + std::to_string(other))});
    });
    std::vector<std::unique_ptr<Client>> held;
    const std::ptrdiff_t before = open_files();
    const auto taken = [&] { return open_files() - before - std::ssize(held); };
    while (held.size() + 1 < max_connections)
        held.push_back(std::make_unique<Client>(port_));
    for (int turns = 0; taken() < std::ssize(held) && turns < 1'000; ++turns)
        on_loop([] {});
    ASSERT_EQ(taken(), std::ssize(held));
    on_loop([&] {  // both come to the last place at once
        held.push_back(std::make_unique<Client>(port_));
        held.push_back(std::make_unique<Client>(other));
    });
    for (int turns = 0; turns < 10; ++turns)
        on_loop([] {});
    EXPECT_EQ(taken(), static_cast<std::ptrdiff_t>(max_connections));
    held.clear();
    EXPECT_TRUE(still_answers());
}

TEST_F(HttpServer, ALeftoverIsRemovedWithoutWaiting) {
    const std::string path = testing::TempDir() + "warren-full.sock";
    const int listening = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    path.copy(at.sun_path, sizeof(at.sun_path) - 1);
    ::unlink(path.c_str());
    ASSERT_EQ(::bind(listening, reinterpret_cast<const sockaddr*>(&at), sizeof(at)), 0);
    ::listen(listening, 0);
    std::vector<int> waiting;
    for (int i = 0; i < 4; ++i) {  // more than its queue has room for
        waiting.push_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
        static_cast<void>(
            ::connect(waiting.back(), reinterpret_cast<const sockaddr*>(&at), sizeof(at)));
    }
    on_loop([&] { server_->follow({*config::read_http_address("unix:" + path)}); });
    EXPECT_TRUE(std::filesystem::exists(path)) << "somebody is there, though without time";
    for (const int each : waiting)
        ::close(each);
    ::close(listening);
    ::unlink(path.c_str());
}

TEST_F(HttpServer, LargeAnswersArriveWhole) {
    const std::string said = ask(get("/large"));
    EXPECT_GT(said.size(), 4'000'000U);
    EXPECT_TRUE(said.ends_with("xxxx"));
    { Client(port_).send(get("/large")); }  // and is gone
    EXPECT_TRUE(still_answers());
}

TEST_F(HttpServer, FollowsTheConfiguration) {
    on_loop([this] { server_->follow({}); });
    EXPECT_FALSE(Client(port_).is_connected());
    const std::uint16_t other = free_port();
    on_loop([&] {
        server_->follow({*config::read_http_address("127.0.0.1:" + std::to_string(other)),
                         *config::read_http_address("192.0.2.1:9721")});
    });
    EXPECT_EQ(status_of(Client(other).ask(get("/"))), 200U);
    EXPECT_EQ(attempts_.failures(), 1U) << "192.0.2.1 is not ours";
}

TEST_F(HttpServer, AUnixSocketIsForItsGroup) {
    const std::string folder = std::filesystem::temp_directory_path() / "warren-http-test-XXXXXX";
    std::string made = folder;
    ASSERT_NE(::mkdtemp(made.data()), nullptr);
    const auto address = config::read_http_address("unix:" + made + "/%i.http");
    on_loop([&] { server_->follow({*address}); });
    struct stat found {};
    ASSERT_EQ(::stat((made + "/a.http").c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777, 0660U);
    on_loop([&] {
        EXPECT_EQ(events_.at(events_.end() - 1).text,
                  "metrics and status page on http unix:" + made + "/a.http");
    });
    const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    (made + "/a.http").copy(to.sun_path, sizeof(to.sun_path) - 1);
    ASSERT_EQ(::connect(socket, reinterpret_cast<const sockaddr*>(&to), sizeof(to)), 0);
    const std::string question = get("/unix");
    ::send(socket, question.data(), question.size(), 0);
    char answer[64]{};
    EXPECT_GT(::recv(socket, answer, sizeof(answer) - 1, 0), 0);
    EXPECT_TRUE(std::string(answer).starts_with("HTTP/1.1 200"));
    ::close(socket);
    on_loop([&] { server_->follow({}); });
    EXPECT_FALSE(std::filesystem::exists(made + "/a.http"));
    // A killed process leaves its socket behind.
    const int dead = ::socket(AF_UNIX, SOCK_STREAM, 0);
    ::bind(dead, reinterpret_cast<const sockaddr*>(&to), sizeof(to));
    ::close(dead);
    on_loop([&] { server_->follow({*address}); });
    EXPECT_EQ(attempts_.failures(), 0U);
    on_loop([&] { server_->follow({}); });
    std::filesystem::remove_all(made);
}

}  // namespace
}  // namespace warren::http
