// SPDX-License-Identifier: BSD-3-Clause
// When clients' connections began and ended here, so that an end can say how long the connection
// lasted, and a late segment is known for what it is. Bounded: the earliest begun go first.
#pragma once

#include <cstdint>
#include <deque>
#include <string_view>
#include <unordered_map>

#include "net/address.h"

namespace warren::history {

struct FlowName {
    net::IpAddress client;
    std::uint16_t port = 0;
    std::uint16_t service = 0;  // snapshot index

    friend bool operator==(const FlowName&, const FlowName&) = default;
};

struct KnownFlow {
    std::int64_t began_ms = 0;  // since 1970
    std::int64_t ended_ms = 0;  // 0: it has not
    std::string_view cause{};
    std::uint32_t connect_us = 0;  // SYN to SYN-ACK
    std::uint16_t server = 0;      // snapshot index
    std::uint64_t serial = 0;      // tells flows of the same name apart
};

class KnownFlows {
  public:
    static constexpr std::size_t most = 65'536;

    void begin(const FlowName& name, KnownFlow flow);
    const KnownFlow* find(const FlowName& name) const;
    void end(const FlowName& name, std::string_view cause, std::int64_t wall_ms);

    // see(name, flow) for each one of that client.
    template <typename See>
    void of_client(const net::IpAddress& client, See see) const {
        for (const auto& [name, flow] : flows_)
            if (name.client == client) see(name, flow);
    }

  private:
    struct Hash {
        std::size_t operator()(const FlowName& name) const {
            return net::IpAddressHash{}(name.client) * 31 + name.port * 7U + name.service;
        }
    };
    std::unordered_map<FlowName, KnownFlow, Hash> flows_;
    std::deque<std::pair<FlowName, std::uint64_t>> order_;  // with its serial
    std::uint64_t last_serial_ = 0;
};

}  // namespace warren::history
