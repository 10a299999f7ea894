// SPDX-License-Identifier: BSD-3-Clause
// `show flows`, how many they are or that they end, and where one client's flow is: asks one worker
// after the other for a page of its flow table and waits, without blocking, for the rows. A cursor
// is a question (flow_question.h). One request at a time is with the workers, others wait their
// turn.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "exchange/worker_link.h"
#include "history/known_flows.h"
#include "telemetry/flow_question.h"
#include "views/flow_row.h"

namespace warren::telemetry {

class FlowListing {
  public:
    using Answer = std::function<void(std::string page)>;
    static constexpr std::uint32_t rows_per_page = 64;
    static constexpr std::size_t max_waiting = 16;
    static constexpr int timeout_ms = 500;

    // `known`: when flows began, by the calendar.
    FlowListing(boost::asio::io_context& io, exchange::Exchange& exchange,
                const history::KnownFlows& known);

    void request(const std::string& question, Answer answer);

    using OnCount = std::function<std::string(std::uint64_t flows)>;  // makes the page
    void count(const std::string& question, OnCount on_count, Answer answer);
    // RST to both ends of each.
    void reset(const std::string& question, OnCount on_count, Answer answer);

    using OnFound = std::function<std::string(const views::FlowAnswer&)>;  // makes the page
    void look_up(const flow::Tuple& client_tuple, OnFound on_found, Answer answer);

  private:
    struct Request {
        exchange::FlowAsk ask;
        FlowQuestion question;
        Answer answer;
        flow::Tuple wanted{};
        OnFound on_found{};
        OnCount on_count{};
    };

    void enter(Request request);
    void begin_next();
    void ask();
    void poll();
    void take(const exchange::FlowRow& row);
    std::optional<std::int64_t> age_ms(const exchange::FlowRow& row) const;
    void take_last();
    void note(const exchange::FlowRow& row);
    void add(const exchange::FlowRow& row);
    void finish(const std::string& page);
    void attempt(const std::function<void()>& work);

    boost::asio::io_context& io_;
    boost::asio::steady_timer timer_;
    exchange::Exchange& exchange_;
    const history::KnownFlows& known_;
    std::deque<Request> waiting_;
    bool is_working_ = false;  // on the first of them
    std::vector<exchange::FlowRow> rows_;
    views::FlowAnswer found_;
    std::uint64_t count_ = 0;
    std::uint32_t id_ = 0;
    std::size_t worker_ = 0;
    std::uint32_t from_ = 0;
    int polls_left_ = 0;
};

}  // namespace warren::telemetry
