// SPDX-License-Identifier: BSD-3-Clause
#include "health/amqp_link.h"

#include <algorithm>
#include <boost/asio/ssl/error.hpp>
#include <chrono>
#include <utility>

#include "health/checker.h"
#include "net/proxy_header.h"

namespace warren::health {
namespace {

using Clock = std::chrono::steady_clock;

// A broker that reads nothing more: what we say in an hour of heartbeats.
constexpr std::size_t most_unsent_bytes = 65'536;
constexpr std::int64_t last_words_ns = 1'000'000'000;

std::string text_of(net::ConstBytes bytes) {
    return {bytes.begin(), bytes.end()};
}

net::ConstBytes bytes_of(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

std::int64_t AmqpLink::now_ns() {
    return std::chrono::nanoseconds(Clock::now().time_since_epoch()).count();
}

AmqpLink::AmqpLink(boost::asio::io_context& io, Way way, amqp::Settings settings,
                   Callbacks callbacks)
    : way_(std::move(way)),
      client_(std::move(settings)),
      callbacks_(std::move(callbacks)),
      connection_(Connection::make(io, way_.tls)),
      timer_(io),
      recheck_timer_(io) {}

// ---- until TCP and TLS stand

void AmqpLink::open() {
    arm(now_ns() + way_.connect_timeout_ns);
    connection_->open(
        way_.target,
        [self = shared_from_this()](const Connection::Error& error) { self->on_open(error); },
        preamble());
}

Connection::Preamble AmqpLink::preamble() const {
    if (!way_.proxy_header) return {};
    return proxy_preamble(net::ProxyVersion::v2, way_.target);
}

void AmqpLink::on_open(const Connection::Error& error) {
    if (error) return end(reason_of(error), connection_->words_of(error));
    established_ = true;
    read();
    step(amqp::Connected{});
}

// ---- the client

void AmqpLink::step(const amqp::Event& event) {
    for (const amqp::Action& action : client_.step(event, now_ns())) {
        if (closed_) return;
        carry_out(action);
    }
    if (!closed_ && !closing_) arm(client_.deadline_ns());
}

void AmqpLink::carry_out(const amqp::Action& action) {
    if (const auto* send = std::get_if<amqp::Send>(&action)) {
        outbox_ += text_of(send->frames);
        if (outbox_.size() > most_unsent_bytes)
            return end(Reason::other, "the broker reads nothing");
        return write();
    }
    if (const auto* finding = std::get_if<amqp::Finding>(&action)) {
        // From a copy: the callback may destroy the checker, and so let us go.
        if (const auto found = callbacks_.found) found(*finding);
        return;
    }
    closing_ = true;
    arm(now_ns() + last_words_ns);
    if (!writes_) end(Reason::none, {});
}

void AmqpLink::recheck() {
    if (closed_ || closing_ || !client_.is_open()) return;
    step(amqp::Nudge{});
    const std::int64_t patience_ns = std::max(recheck_timeout_ns, 4 * latency_ns());
    recheck_timer_.expires_after(std::chrono::nanoseconds(patience_ns));
    recheck_timer_.async_wait([link = weak_from_this()](const boost::system::error_code& error) {
        const auto self = link.lock();
        if (!error && self && !self->closed_ && self->connection_->is_unacknowledged())
            self->end(Reason::timeout, "nothing is acknowledged");
    });
}

void AmqpLink::leave() {
    callbacks_ = {};
    if (closed_ || closing_) return;
    if (!established_) return close();
    step(amqp::Leave{});
}

// ---- bytes

// An alert of TLS says why.
std::string AmqpLink::words_of_loss(const Connection::Error& error) const {
    return error.category() == boost::asio::error::get_ssl_category()
               ? connection_->words_of(error)
               : "the broker closed the connection";
}

void AmqpLink::read() {
    connection_->read(
        [self = shared_from_this()](const Connection::Error& error, std::string_view bytes) {
            if (error) return self->end(Reason::other, self->words_of_loss(error));
            self->step(amqp::Received{bytes_of(bytes)});
            if (!self->closed_) self->read();
        });
}

void AmqpLink::write() {
    if (writes_ || outbox_.empty()) return;
    writes_ = true;
    connection_->send(std::exchange(outbox_, {}),
                      [self = shared_from_this()](const Connection::Error& error) {
                          self->writes_ = false;
                          if (error) return self->end(Reason::other, self->words_of_loss(error));
                          self->write();
                          if (self->closing_ && !self->writes_) self->end(Reason::none, {});
                      });
}

// ---- time and the end

void AmqpLink::arm(std::int64_t deadline_ns) {
    timer_.expires_at(Clock::time_point(std::chrono::nanoseconds(deadline_ns)));
    timer_.async_wait([link = weak_from_this()](const boost::system::error_code& error) {
        const auto self = link.lock();
        if (!error && self && !self->closed_) self->on_deadline();
    });
}

void AmqpLink::on_deadline() {
    if (closing_) return end(Reason::none, {});
    if (!established_) return end(Reason::timeout, "no connection in time");
    // Evidence first: what has come while we slept is heard before silence is believed.
    if (connection_->has_unread()) return arm(now_ns() + 1'000'000);
    step(amqp::Tick{established_ && !connection_->is_unacknowledged()});
}

void AmqpLink::end(Reason reason, const std::string& text) {
    const auto ended = callbacks_.ended;
    const auto self = shared_from_this();  // whoever is told may let us go
    close();
    if (ended) ended(reason, text);
}

void AmqpLink::close() {
    closed_ = true;
    callbacks_ = {};
    timer_.cancel();
    recheck_timer_.cancel();
    connection_->close();
}

}  // namespace warren::health
