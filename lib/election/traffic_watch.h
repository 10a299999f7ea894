// SPDX-License-Identifier: BSD-3-Clause
// Detects the first traffic to a virtual router's addresses after a takeover. A switch or host that
// missed the announcements keeps using the old master's MAC, so they are repeated, at growing
// intervals, until a frame arrives. No clock, no heap after the constructor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "exchange/worker_link.h"

namespace warren::election {

class TrafficWatch {
  public:
    using Workers = std::span<const std::unique_ptr<exchange::WorkerLink>>;
    // First repetition after a takeover; each next one after twice as long, for a minute: then the
    // refresh of 60 s takes over.
    static constexpr std::uint64_t first_wait_ns = 200'000'000;
    static constexpr unsigned most_repetitions = 8;

    explicit TrafficWatch(std::size_t routers);

    // The router has become master; has ceased to be.
    void begin(std::size_t router, std::uint64_t now_ns, Workers workers);
    void end(std::size_t router);
    // The index has been given to another router, which is not master.
    void clear(std::size_t router) { items_[router] = {}; }

    // Calls seen(router) once, at its first frame, and silent(router) when it is time to announce
    // again.
    template <typename Seen, typename Silent>
    void look(std::uint64_t now_ns, Workers workers, const Seen& seen, const Silent& silent) {
        for (std::size_t i = 0; i < waiting_.size();) {
            const std::uint16_t router = waiting_[i];
            switch (judge(router, now_ns, workers)) {
                case Finding::traffic:
                    forget(i);
                    seen(router);
                    continue;
                case Finding::silence:
                    silent(router);
                    break;
                case Finding::nothing:
                    break;
            }
            ++i;
        }
    }

    // From the takeover to the first frame; 0: none yet.
    std::uint64_t silent_ns(std::size_t router) const { return items_[router].silent_ns; }
    // How often look() has called silent() since the takeover.
    unsigned repetitions(std::size_t router) const { return items_[router].repetitions; }

  private:
    enum class Finding { nothing, traffic, silence };
    struct Item {
        std::uint64_t begun_ns = 0;
        std::uint64_t frames = 0;  // the workers' count at that time
        std::uint64_t next_ns = 0;
        std::uint64_t silent_ns = 0;
        unsigned repetitions = 0;
    };

    Finding judge(std::size_t router, std::uint64_t now_ns, Workers workers);
    void forget(std::size_t position);

    std::vector<Item> items_;             // by router
    std::vector<std::uint16_t> waiting_;  // masters without traffic
};

}  // namespace warren::election
