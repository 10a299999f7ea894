// SPDX-License-Identifier: BSD-3-Clause
#include "telemetry/flow_listing.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <exception>
#include <optional>
#include <tuple>
#include <utility>

#include "journal/event_log.h"
#include "views/pages.h"

namespace warren::telemetry {

FlowListing::FlowListing(boost::asio::io_context& io, exchange::Exchange& exchange,
                         const history::KnownFlows& known)
    : io_(io), timer_(io), exchange_(exchange), known_(known) {}

void FlowListing::enter(Request request) {
    if (!request.question.problem.empty())
        return request.answer(views::usage_page(request.question.problem));
    if (request.question.older_ms != 0 && request.ask != exchange::FlowAsk::list)
        return request.answer(views::usage_page("older chooses only what show flows lists"));
    if (waiting_.size() >= max_waiting)
        return request.answer(views::error_page("too many flow listings at once"));
    waiting_.push_back(std::move(request));
    if (waiting_.size() == 1) attempt([this] { begin_next(); });
}

void FlowListing::request(const std::string& question, Answer answer) {
    enter({exchange::FlowAsk::list, read_flow_question(question), std::move(answer)});
}

void FlowListing::count(const std::string& question, OnCount on_count, Answer answer) {
    enter({.ask = exchange::FlowAsk::count,
           .question = read_flow_question(question),
           .answer = std::move(answer),
           .on_count = std::move(on_count)});
}

void FlowListing::reset(const std::string& question, OnCount on_count, Answer answer) {
    enter({.ask = exchange::FlowAsk::reset,
           .question = read_flow_question(question),
           .answer = std::move(answer),
           .on_count = std::move(on_count)});
}

void FlowListing::look_up(const flow::Tuple& client_tuple, OnFound on_found, Answer answer) {
    enter({.ask = exchange::FlowAsk::lookup,
           .question = {},
           .answer = std::move(answer),
           .wanted = client_tuple,
           .on_found = std::move(on_found)});
}

void FlowListing::begin_next() {
    if (waiting_.empty()) return;
    is_working_ = true;
    worker_ = waiting_.front().question.worker;
    from_ = waiting_.front().question.from;
    found_ = {};
    count_ = 0;
    if (worker_ >= exchange_.workers.size()) {
        finish(views::error_page("no such page"));
        return;
    }
    ask();
}

void FlowListing::ask() {
    rows_.clear();
    polls_left_ = timeout_ms;
    const Request& request = waiting_.front();
    const exchange::FlowCommand command{.request = ++id_,
                                        .from = from_,
                                        .most = rows_per_page,
                                        .ask = request.ask,
                                        .filter = request.question.filter,
                                        .wanted = request.wanted};
    if (!exchange_.workers[worker_]->commands.push(command)) {
        finish(views::error_page("the worker does not take commands"));
        return;
    }
    exchange_.workers[worker_]->doorbell.ring_if_asleep();
    poll();
}

void FlowListing::poll() {
    const std::uint32_t asked = id_;
    exchange::FlowRow row;
    while (asked == id_ && exchange_.workers[worker_]->rows.pop(row))
        if (row.request == id_) take(row);
    if (asked != id_ || waiting_.empty()) return;
    if (polls_left_-- == 0) {
        ++id_;  // late rows are of no interest
        finish(views::error_page("the worker did not answer"));
        return;
    }
    timer_.expires_after(std::chrono::milliseconds(1));
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) attempt([this] { poll(); });
    });
}

// Of a lookup: one worker after the other.
void FlowListing::note(const exchange::FlowRow& row) {
    if (!row.last) {
        found_.flow = row;
        found_.worker = worker_;
        return;
    }
    ++id_;
    found_.owner = row.owner;
    if (row.owner == worker_) {
        found_.choice = row.choice;
        found_.is_kept = row.is_kept;
        found_.is_full = row.is_full;
    }
    if (++worker_ < exchange_.workers.size())
        ask();
    else
        finish(waiting_.front().on_found(found_));
}

// Of a tally: one worker after the other.
void FlowListing::add(const exchange::FlowRow& row) {
    ++id_;
    count_ += row.count;
    if (++worker_ < exchange_.workers.size())
        ask();
    else
        finish(waiting_.front().on_count(count_));
}

void FlowListing::take(const exchange::FlowRow& row) {
    if (waiting_.front().on_found)
        note(row);
    else if (waiting_.front().on_count)
        add(row);
    else if (row.last)
        take_last();
    else
        rows_.push_back(row);
}

// Nothing: it began before all that is remembered, or at a peer.
std::optional<std::int64_t> FlowListing::age_ms(const exchange::FlowRow& row) const {
    const history::KnownFlow* known =
        known_.find({row.client, row.client_port.host(), row.service});
    if (known == nullptr || known->ended_ms != 0) return std::nullopt;
    return std::max<std::int64_t>(journal::system_ms() - known->began_ms, 0);
}

// Rows that do not fit the page are asked for again with the next one.
void FlowListing::take_last() {
    ++id_;
    const FlowQuestion& question = waiting_.front().question;
    views::Page page("flows");
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        const std::optional<std::int64_t> age = age_ms(rows_[i]);
        if (age && *age < question.older_ms) continue;
        if (page.add(views::flow_row(rows_[i], worker_, age))) continue;
        // The first always fits.
        return finish(page.finish(question.continued(worker_, rows_[i - 1].next)));
    }
    std::optional<std::string> next;
    if (rows_.size() >= rows_per_page)
        next = question.continued(worker_, rows_.back().next);
    else if (worker_ + 1 < exchange_.workers.size())
        next = question.continued(worker_ + 1, 0);
    finish(page.finish(next));
}

// The next request is begun whatever becomes of this one's answer.
void FlowListing::finish(const std::string& page) {
    const Answer answer = std::move(waiting_.front().answer);
    waiting_.pop_front();
    is_working_ = false;
    if (!waiting_.empty()) boost::asio::post(io_, [this] { attempt([this] { begin_next(); }); });
    answer(page);
}

// A request whose page cannot be made is answered too: nobody waits for ever behind it.
void FlowListing::attempt(const std::function<void()>& work) {
    try {
        work();
    } catch (const std::exception& error) {
        if (!is_working_) throw;
        ++id_;  // late rows are of no interest
        finish(views::error_page(error.what()));
    }
}

}  // namespace warren::telemetry
