// SPDX-License-Identifier: BSD-3-Clause
// Sends mails, one after the other, each over a connection of its own. One that cannot be sent is
// told and dropped; so is the newest when too many wait.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "journal/event_log.h"
#include "mail/message.h"

namespace warren::mail {

struct Delivery {
    std::string server;  // an address or a name
    std::uint16_t port = 25;
    std::string helo_name;
    std::int64_t timeout_ns = 0;  // for the connection, and for each answer
    Message message;
};

class Mailer {
  public:
    static constexpr std::size_t max_waiting = 64;

    Mailer(boost::asio::io_context& io, journal::EventLog& events);
    ~Mailer();
    Mailer(const Mailer&) = delete;
    Mailer& operator=(const Mailer&) = delete;

    void send(Delivery delivery);
    bool idle() const { return !current_ && waiting_.empty(); }
    // Once: when all have been sent or dropped, or after `patience_ms`.
    void when_idle(int patience_ms, std::function<void()> done);

  private:
    struct Current;
    using Handler = std::shared_ptr<Current>;

    void start_next();
    void resolve(const Handler& current);
    void connect(const Handler& current, const boost::asio::ip::tcp::resolver::results_type& found);
    void read(const Handler& current);
    void write(const Handler& current, std::string text);
    void limit(const Handler& current);
    void finish(const Handler& current, const std::string& trouble);
    void notify_when_idle();

    boost::asio::io_context& io_;
    journal::EventLog& events_;
    std::deque<Delivery> waiting_;
    Handler current_;
    std::uint64_t dropped_ = 0;  // since the last one that was taken
    std::function<void()> on_idle_;
    boost::asio::steady_timer idle_timer_;
};

}  // namespace warren::mail
