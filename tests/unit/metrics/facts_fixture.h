// SPDX-License-Identifier: BSD-3-Clause
// One router, one service, two servers and two workers, of which metrics are made.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "metrics/config_hash.h"
#include "metrics/document.h"
#include "metrics/metrics.h"
#include "unit/model/sample_state.h"

namespace warren::metrics {

class FactsFixture : public testing::Test {
  protected:
    FactsFixture() {
        state_->routers[0].status.state = vrrp::State::master;
        state_->routers[0].status.effective_priority = 100;
        process_.version = "1.2.3";
        process_.instance = "a";
    }

    views::ViewContext view() {
        return {*state_, exchange_, vrrp_,           netlink_,         process_,
                totals_, busy_,     model::start_ns, 1'700'000'000'000};
    }
    template <typename Made>
    auto made_by(Made made) {
        const views::ViewContext context = view();
        return made(Facts{.view = context,
                          .tally = tally_,
                          .events = events_,
                          .reloads = {.config_hash = config_hash()},
                          .buffers = buffers_});
    }

    // Step by step, the facts anew at each.
    std::string text_of(Document&& document) {
        while (made_by([&](const Facts& facts) { return document.step(facts); })) {
        }
        return document.take();
    }

    // One service of so many servers, then a small one.
    static std::unique_ptr<model::State> long_state(int servers) {
        std::string text = model::router("A", "eth0", 51, "192.168.8.100/24") +
                           "virtual_server 192.168.8.100 5672 {\n protocol TCP\n lb_kind FNAT\n";
        for (int i = 0; i < servers; ++i)
            text += "real_server 10.1." + std::to_string(i / 250) + "." +
                    std::to_string(1 + i % 250) + " 5672 {\n TCP_CHECK {\n }\n}\n";
        return model::state_of(text + "}\n" +
                               "virtual_server 192.168.8.100 5673 {\n protocol TCP\n lb_kind FNAT\n"
                               "real_server 10.2.0.1 5672 {\n TCP_CHECK {\n }\n}\n}\n");
    }

    // Made once, as by a reload: to sort thousands of servers between two steps would make each
    // cold.
    const std::string& config_hash() {
        if (hashed_ != state_.get()) {
            hash_ = common_hash(state_->config);
            hashed_ = state_.get();
        }
        return hash_;
    }

    std::unique_ptr<model::State> state_ = model::state_of(
        model::router("A", "eth0", 51, "192.168.8.100/24") + model::service("192.168.8.100"));
    exchange::Exchange exchange_{2};
    election::VrrpLink vrrp_;
    kernel::NetlinkStatistics netlink_;
    views::ProcessFacts process_;
    std::vector<views::PortTotals> totals_{{.rx_packets = 5}};
    std::vector<double> busy_{0.1, 0.2};
    FlowTally tally_;
    std::vector<PacketBuffers> buffers_;
    std::string hash_;
    const model::State* hashed_ = nullptr;
    journal::EventLog events_{[] { return std::int64_t{0}; }};
};

}  // namespace warren::metrics
