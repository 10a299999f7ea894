// SPDX-License-Identifier: BSD-3-Clause
// How the workers and the control lcore hear that the model has changed. A part of the manager
// knows the model and this, and no other part: the manager passes facts on between them.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>

#include "election/vrrp_link.h"
#include "exchange/worker_link.h"
#include "journal/attempts.h"
#include "journal/event_log.h"
#include "model/state.h"

namespace warren::control {

class Publication {
  public:
    Publication() = default;
    virtual ~Publication() = default;
    Publication(const Publication&) = delete;
    Publication& operator=(const Publication&) = delete;

    // To all: a new snapshot of the whole state, now.
    virtual void publish() = 0;
    // Once for all changes of this turn of the loop.
    virtual void publish_soon() = 0;
    // To the control lcore.
    virtual void command(const election::VrrpCommand& command) = 0;

    void fault(std::uint16_t router, vrrp::FaultCause cause, bool present,
               bool can_transmit = true);
};

// What every part of the manager works with; all of it outlives the parts.
struct Context {
    boost::asio::io_context& io;
    model::State& state;
    journal::EventLog& events;
    journal::Attempts& attempts;
    Publication& publication;
};

// The real one: lib/exchange's publisher and the channel to the control lcore.
class LivePublication : public Publication {
  public:
    // `published` is called after each.
    LivePublication(boost::asio::io_context& io, model::State& state, journal::EventLog& events,
                    exchange::Exchange& exchange, election::VrrpLink& vrrp,
                    std::function<void()> published);

    void publish() override {
        publish([](const exchange::Snapshot&) {});
    }
    void publish_soon() override;
    void command(const election::VrrpCommand& command) override;

    // What must be done by the new snapshot before anybody has it.
    using Before = std::function<void(const exchange::Snapshot&)>;
    void publish(const Before& before);

  private:
    boost::asio::io_context& io_;
    model::State& state_;
    journal::EventLog& events_;
    exchange::Exchange& exchange_;
    election::VrrpLink& vrrp_;
    std::function<void()> published_;
    std::uint64_t generation_ = 0;
    bool is_pending_ = false;
};

}  // namespace warren::control
