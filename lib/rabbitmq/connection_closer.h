// SPDX-License-Identifier: BSD-3-Clause
// Closes some of a node's connections by its management API, so that their clients get
// connection.close 320 with a reason and reconnect: lists them, chooses idle ones first, among them
// the oldest, then one DELETE for each. Pure; answers are untrusted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace warren::rabbitmq {

// Connections to this address and port of the node, from these peers (FNAT's local addresses).
struct ClosableConnections {
    std::string address = {};  // as net::IpAddress writes it; RabbitMQ has IPv6 in brackets
    std::uint16_t port = 0;
    std::vector<std::string> peers = {};
    unsigned most = 0;
};

class ConnectionCloser {
  public:
    // Only so many of the oldest are considered.
    static constexpr unsigned most_connections = 500;
    // Idle: fewer bytes a second in both directions together, as heartbeats are.
    static constexpr double idle_bytes_s = 64;

    explicit ConnectionCloser(ClosableConnections closable) : closable_(std::move(closable)) {}

    bool is_over() const { return !problem_.empty() || (listed_ && names_.empty()); }
    // The next request, unless it is over.
    std::string method() const { return listed_ ? "DELETE" : "GET"; }
    std::string path() const;
    // Its response.
    void take(unsigned status, std::string_view body);

    unsigned closed() const { return closed_; }
    // Why it ended early; empty: it did not.
    const std::string& problem() const { return problem_; }

  private:
    void take_list(std::string_view body);

    ClosableConnections closable_;
    bool listed_ = false;
    std::vector<std::string> names_;  // still to close, the next one last
    unsigned closed_ = 0;
    std::string problem_;
};

}  // namespace warren::rabbitmq
