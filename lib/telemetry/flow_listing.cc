// SPDX-License-Identifier: BSD-3-Clause
#include "telemetry/flow_listing.h"

#include <boost/asio/post.hpp>
#include <charconv>
#include <chrono>
#include <exception>
#include <optional>
#include <tuple>
#include <utility>

#include "views/pages.h"

namespace warren::telemetry {
namespace {

std::string cursor_text(std::size_t worker, std::uint32_t from) {
    return std::to_string(worker) + ":" + std::to_string(from);
}

std::pair<std::size_t, std::uint32_t> read_cursor(const std::string& cursor) {
    std::size_t worker = 0;
    std::uint32_t from = 0;
    const char* end = cursor.data() + cursor.size();
    const auto first = std::from_chars(cursor.data(), end, worker);
    if (first.ptr != end && *first.ptr == ':') std::from_chars(first.ptr + 1, end, from);
    return {worker, from};
}

}  // namespace

FlowListing::FlowListing(boost::asio::io_context& io, exchange::Exchange& exchange)
    : io_(io), timer_(io), exchange_(exchange) {}

void FlowListing::request(const std::string& cursor, Answer answer) {
    if (waiting_.size() >= max_waiting) {
        answer(views::error_page("too many flow listings at once"));
        return;
    }
    waiting_.push_back({cursor, std::move(answer)});
    if (waiting_.size() == 1) attempt([this] { begin_next(); });
}

void FlowListing::look_up(const flow::Tuple& client_tuple, OnFound on_found, Answer answer) {
    if (waiting_.size() >= max_waiting) {
        answer(views::error_page("too many flow listings at once"));
        return;
    }
    waiting_.push_back({"", std::move(answer), client_tuple, std::move(on_found)});
    if (waiting_.size() == 1) attempt([this] { begin_next(); });
}

void FlowListing::begin_next() {
    if (waiting_.empty()) return;
    is_working_ = true;
    std::tie(worker_, from_) = read_cursor(waiting_.front().cursor);
    found_ = {};
    if (worker_ >= exchange_.workers.size()) {
        finish(views::error_page("no such page"));
        return;
    }
    ask();
}

void FlowListing::ask() {
    rows_.clear();
    polls_left_ = timeout_ms;
    exchange::FlowCommand command{++id_, from_, rows_per_page};
    if (const auto& wanted = waiting_.front().wanted) {
        command.is_lookup = true;
        command.wanted = *wanted;
    }
    if (!exchange_.workers[worker_]->commands.push(command)) {
        finish(views::error_page("the worker does not take commands"));
        return;
    }
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

// Rows that do not fit the page are asked for again with the next one.
void FlowListing::take(const exchange::FlowRow& row) {
    if (waiting_.front().wanted) {
        note(row);
        return;
    }
    if (!row.last) {
        rows_.push_back(row);
        return;
    }
    ++id_;
    views::Page page("flows");
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        if (page.add(views::flow_row(rows_[i], worker_))) continue;
        finish(page.finish(cursor_text(worker_, rows_[i - 1].next)));  // the first always fits
        return;
    }
    std::optional<std::string> next;
    if (rows_.size() >= rows_per_page)
        next = cursor_text(worker_, rows_.back().next);
    else if (worker_ + 1 < exchange_.workers.size())
        next = cursor_text(worker_ + 1, 0);
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
