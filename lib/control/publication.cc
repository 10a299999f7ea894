// SPDX-License-Identifier: BSD-3-Clause
#include "control/publication.h"

#include <boost/asio/post.hpp>
#include <utility>

#include "exchange/wake.h"
#include "model/builder.h"
#include "model/service_state.h"
#include "server_pools/weights.h"

namespace warren::control {

void Publication::fault(std::uint16_t router, vrrp::FaultCause cause, bool present,
                        bool can_transmit) {
    command({.kind = election::VrrpCommand::Kind::fault,
             .router = router,
             .cause = cause,
             .present = present,
             .can_transmit = can_transmit});
}

LivePublication::LivePublication(boost::asio::io_context& io, model::State& state,
                                 journal::EventLog& events, exchange::Exchange& exchange,
                                 election::VrrpLink& vrrp, std::function<void()> published)
    : io_(io),
      state_(state),
      events_(events),
      exchange_(exchange),
      vrrp_(vrrp),
      published_(std::move(published)) {}

void LivePublication::publish(const Before& before) {
    is_pending_ = false;
    server_pools::update_standby(state_);
    model::update_slots(state_);
    auto snapshot = model::build_snapshot(state_, ++generation_);
    before(*snapshot);
    exchange_.publisher.publish(std::move(snapshot));
    exchange::wake_workers(exchange_.workers);
    published_();
}

void LivePublication::publish_soon() {
    if (std::exchange(is_pending_, true)) return;
    boost::asio::post(io_, [this] {
        if (is_pending_) publish();
    });
}

void LivePublication::command(const election::VrrpCommand& command) {
    if (!vrrp_.commands.push(command))
        events_.error(journal::EventKind::vrrp,
                      "the control lcore does not take commands: one is lost");
}

}  // namespace warren::control
