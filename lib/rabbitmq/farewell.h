// SPDX-License-Identifier: BSD-3-Clause
// How some of a node's connections are closed by its management API, so that their clients hear
// connection.close 320 with a reason and come back: which are asked to go, idle ones first, among
// them the oldest, and the requests one after the other. Pure; answers are a stranger's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace warren::rabbitmq {

// Of the connections to this address and port of the node those that come from the peers (FNAT's
// local addresses): whoever comes by another way is not ours to move.
struct Leavers {
    std::string address = {};  // as net::IpAddress writes it; RabbitMQ has IPv6 in brackets
    std::uint16_t port = 0;
    std::vector<std::string> peers = {};
    unsigned most = 0;
};

class Farewell {
  public:
    // So many of the oldest are looked at.
    static constexpr unsigned most_connections = 500;
    // A connection below this many bytes a second both ways is idle: heartbeats, perhaps.
    static constexpr double idle_bytes_s = 64;

    explicit Farewell(Leavers leavers) : leavers_(std::move(leavers)) {}

    bool is_over() const { return !problem_.empty() || (listed_ && names_.empty()); }
    // What to ask now, unless it is over: a list at first, then one DELETE for each.
    std::string method() const { return listed_ ? "DELETE" : "GET"; }
    std::string path() const;
    // The answer to it.
    void take(unsigned status, std::string_view body);

    unsigned closed() const { return closed_; }
    // Why the rest of them stays; empty: it does not.
    const std::string& problem() const { return problem_; }

  private:
    void take_list(std::string_view body);

    Leavers leavers_;
    bool listed_ = false;
    std::vector<std::string> names_;  // those to close yet, the next one last
    unsigned closed_ = 0;
    std::string problem_;
};

}  // namespace warren::rabbitmq
