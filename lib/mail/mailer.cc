// SPDX-License-Identifier: BSD-3-Clause
#include "mail/mailer.h"

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <utility>

#include "mail/smtp_session.h"

namespace warren::mail {

using boost::asio::ip::tcp;
using boost::system::error_code;

struct Mailer::Current {
    Current(boost::asio::io_context& io, Delivery delivery)
        : session(delivery.message, delivery.helo_name),
          what(std::move(delivery)),
          resolver(io),
          socket(io),
          timer(io) {}

    // Handlers that come later find it done.
    void stop() {
        done = true;
        error_code ignored;
        resolver.cancel();
        timer.cancel();
        socket.close(ignored);
    }

    SmtpSession session;
    Delivery what;
    tcp::resolver resolver;
    tcp::socket socket;
    boost::asio::steady_timer timer;
    std::array<char, 1'024> input{};
    std::string output;
    bool done = false;
};

Mailer::Mailer(boost::asio::io_context& io, journal::EventLog& events)
    : io_(io), events_(events), idle_timer_(io) {}

Mailer::~Mailer() {
    if (current_) current_->stop();
}

void Mailer::send(Delivery delivery) {
    if (waiting_.size() >= max_waiting) {
        if (dropped_++ == 0)
            events_.warn(journal::EventKind::process,
                         "mail: {} wait for {}: further ones are left out", max_waiting,
                         delivery.server);
        return;
    }
    dropped_ = 0;
    waiting_.push_back(std::move(delivery));
    if (!current_) start_next();
}

void Mailer::start_next() {
    if (waiting_.empty()) return notify_when_idle();
    current_ = std::make_shared<Current>(io_, std::move(waiting_.front()));
    waiting_.pop_front();
    limit(current_);
    resolve(current_);
}

// An address needs nobody who knows names.
void Mailer::resolve(const Handler& current) {
    error_code no_address;
    const auto address = boost::asio::ip::make_address(current->what.server, no_address);
    const std::string port = std::to_string(current->what.port);
    if (!no_address)
        return connect(
            current, tcp::resolver::results_type::create(tcp::endpoint(address, current->what.port),
                                                         current->what.server, port));
    current->resolver.async_resolve(
        current->what.server, port,
        [this, current](const error_code& error, const tcp::resolver::results_type& found) {
            if (current->done) return;
            if (error) return finish(current, error.message());
            connect(current, found);
        });
}

void Mailer::connect(const Handler& current, const tcp::resolver::results_type& found) {
    boost::asio::async_connect(current->socket, found,
                               [this, current](const error_code& error, const tcp::endpoint&) {
                                   if (current->done) return;
                                   if (error) return finish(current, error.message());
                                   read(current);
                               });
}

void Mailer::read(const Handler& current) {
    limit(current);
    current->socket.async_read_some(
        boost::asio::buffer(current->input),
        [this, current](const error_code& error, std::size_t bytes) {
            if (current->done) return;
            if (error) return finish(current, current->session.is_sent() ? "" : error.message());
            std::string text = current->session.receive({current->input.data(), bytes});
            if (current->session.is_over()) return finish(current, "");
            if (text.empty()) return read(current);
            write(current, std::move(text));
        });
}

void Mailer::write(const Handler& current, std::string text) {
    current->output = std::move(text);
    boost::asio::async_write(current->socket, boost::asio::buffer(current->output),
                             [this, current](const error_code& error, std::size_t) {
                                 if (current->done) return;
                                 if (error) return finish(current, error.message());
                                 read(current);
                             });
}

void Mailer::limit(const Handler& current) {
    current->timer.expires_after(std::chrono::nanoseconds(current->what.timeout_ns));
    current->timer.async_wait([this, current](const error_code& error) {
        if (error || current->done) return;
        finish(current, current->session.is_sent() ? "" : "timed out");
    });
}

// Once it has been taken, how the server says good-bye is nobody's concern.
void Mailer::finish(const Handler& current, const std::string& trouble) {
    current->stop();
    const std::string& problem = trouble.empty() ? current->session.problem() : trouble;
    if (!current->session.is_sent())
        events_.warn(journal::EventKind::process, "mail '{}' is not sent: {}: {}",
                     current->what.message.subject, current->what.server, problem);
    else if (!problem.empty())
        events_.warn(journal::EventKind::process, "mail '{}' is not sent to all: {}",
                     current->what.message.subject, problem);
    current_.reset();
    boost::asio::post(io_, [this] {
        if (!current_) start_next();
    });
}

void Mailer::when_idle(int patience_ms, std::function<void()> done) {
    on_idle_ = std::move(done);
    idle_timer_.expires_after(std::chrono::milliseconds(patience_ms));
    idle_timer_.async_wait([this](const error_code& error) {
        if (!error && on_idle_) std::exchange(on_idle_, {})();
    });
    boost::asio::post(io_, [this] { notify_when_idle(); });
}

void Mailer::notify_when_idle() {
    if (!on_idle_ || !idle()) return;
    idle_timer_.cancel();
    std::exchange(on_idle_, {})();
}

}  // namespace warren::mail
