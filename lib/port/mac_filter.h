// SPDX-License-Identifier: BSD-3-Clause
// Which unicast MACs beside its own an ethdev takes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "net/address.h"

namespace warren::port {

class MacFilter {
  public:
    // Takes frames to `mac` too: by the card's filter, else by promiscuous mode. Returns why that
    // is impossible, or nothing.
    std::string add(std::uint16_t port, const net::MacAddress& mac);
    // As it was before.
    void clear(std::uint16_t port);

  private:
    std::string become_promiscuous(std::uint16_t port);

    std::vector<net::MacAddress> added_;
    bool promiscuous_ = false;
};

}  // namespace warren::port
