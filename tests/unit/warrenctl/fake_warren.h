// SPDX-License-Identifier: BSD-3-Clause
// A telemetry socket behind which rows stand that somebody has written down.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "asking/telemetry.h"

namespace warren::ctl {

class FakeWarren {
  public:
    // View -> its rows.
    explicit FakeWarren(Json views) : views_(std::move(views)) {
        std::array<int, 2> ends{};
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
            throw std::runtime_error("no socket pair");
        theirs_ = ends[0];
        say(Json{{"version", "DPDK"}, {"max_output_len", longest}}.dump());
        thread_ = std::thread([this] { answer_all(); });
        ours_ = ends[1];
    }
    ~FakeWarren() {
        shutdown(theirs_, SHUT_RDWR);
        thread_.join();
        close(theirs_);
    }
    FakeWarren(const FakeWarren&) = delete;
    FakeWarren& operator=(const FakeWarren&) = delete;

    int socket() const { return ours_; }  // once

  private:
    static constexpr std::size_t longest = 200'000;

    void say(const std::string& text) const {
        static_cast<void>(send(theirs_, text.data(), text.size(), MSG_NOSIGNAL));
    }
    void answer_all() const {
        std::array<char, 1024> request{};
        for (ssize_t size = 0; (size = recv(theirs_, request.data(), request.size(), 0)) > 0;) {
            const std::string asked(request.data(), static_cast<std::size_t>(size));
            const std::string verb = asked.substr(0, asked.find(','));
            const std::string view = verb.substr(verb.rfind('/') + 1);
            if (views_.contains(view) && views_[view].is_null()) {  // it does not know it
                say(Json{{verb, nullptr}}.dump());
                continue;
            }
            const std::string rows = view == "servers_short" ? "servers" : view;
            const Json page{{"view", view}, {"rows", views_.value(rows, Json::array())}};
            say(Json{{verb, page.dump()}}.dump());
        }
    }

    Json views_;
    int theirs_ = -1, ours_ = -1;
    std::thread thread_;
};

}  // namespace warren::ctl
