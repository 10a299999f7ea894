// SPDX-License-Identifier: BSD-3-Clause
// `show flows`: asks one worker after the other for a page of its flow table and waits, without
// blocking, for the rows. A cursor is "WORKER:INDEX". One request at a time is with the workers,
// others wait their turn.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <string>

#include "control/pages.h"
#include "control/state.h"
#include "exchange/worker_link.h"

namespace warren::control {

class FlowListing {
  public:
    using Answer = std::function<void(std::string page)>;
    static constexpr std::uint32_t rows_per_page = 64;
    static constexpr std::size_t max_waiting = 16;
    static constexpr int timeout_ms = 500;

    FlowListing(boost::asio::io_context& io, const State& state, exchange::Exchange& exchange);

    void request(const std::string& cursor, Answer answer);

  private:
    struct Request {
        std::string cursor;
        Answer answer;
    };

    void begin_next();
    void ask();
    void poll();
    void take(const exchange::FlowRow& row);
    void finish(const std::string& page);
    Json to_json(const exchange::FlowRow& row) const;

    boost::asio::steady_timer timer_;
    const State& state_;
    exchange::Exchange& exchange_;
    std::deque<Request> waiting_;  // the first is being worked on
    std::vector<exchange::FlowRow> rows_;
    std::uint32_t id_ = 0;
    std::size_t worker_ = 0;
    std::uint32_t from_ = 0;
    int polls_left_ = 0;
};

}  // namespace warren::control
