// SPDX-License-Identifier: BSD-3-Clause
// Refreshes the switches' entries of virtual MACs that have just become ours. The old master still
// sends from them until it has received our advert, which turns the switches back to it. So a frame
// from each MAC is sent every millisecond for a while, not only with the next advert. No clock, no
// heap after the constructor.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "vrrp/timers.h"

namespace warren::election {

class MacClaims {
  public:
    static constexpr std::uint64_t gap_ns = 1'000'000;
    static constexpr unsigned repetitions = 20;
    static constexpr unsigned most_a_tick = 32;

    explicit MacClaims(std::size_t routers) { items_.reserve(routers); }

    // Begins anew if it runs already.
    void begin(std::size_t router, std::uint64_t now_ns) {
        end(router);
        items_.push_back({router, now_ns + gap_ns, repetitions});
    }
    void end(std::size_t router) {
        std::erase_if(items_, [=](const Item& item) { return item.router == router; });
    }

    // Calls send(router) for those that are due; those beyond most_a_tick are late.
    template <typename Send>
    void look(std::uint64_t now_ns, const Send& send) {
        unsigned sent = 0;
        for (Item& item : items_) {
            if (now_ns < item.next_ns || sent == most_a_tick) continue;
            send(item.router);
            item.next_ns = now_ns + gap_ns;
            --item.left;
            ++sent;
        }
        std::erase_if(items_, [](const Item& item) { return item.left == 0; });
    }
    std::uint64_t deadline_ns() const {
        std::uint64_t first = vrrp::no_deadline;
        for (const Item& item : items_)
            first = std::min(first, item.next_ns);
        return first;
    }

  private:
    struct Item {
        std::size_t router = 0;
        std::uint64_t next_ns = 0;
        unsigned left = 0;
    };
    std::vector<Item> items_;
};

}  // namespace warren::election
