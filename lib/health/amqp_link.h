// SPDX-License-Identifier: BSD-3-Clause
// One connection to a broker: does the I/O that an amqp::Client asks for. It lives as long as an
// operation is pending, and beyond its checker until connection.close is answered: a connection
// that just ends is a warning in the broker's log.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "amqp/client.h"
#include "health/connection.h"
#include "health/target.h"

namespace warren::health {

class AmqpLink : public std::enable_shared_from_this<AmqpLink> {
  public:
    struct Way {
        Target target;
        std::optional<TlsOptions> tls;
        // Before the first byte, for listeners that require one. With our own address: LOCAL
        // crashes a connection's process of RabbitMQ before 3.11.19, with pages of errors in the
        // log.
        bool proxy_header = false;
        std::int64_t connect_timeout_ns = 0;  // TCP and TLS; AMQP's own is in its settings
    };
    struct Callbacks {
        std::function<void(const amqp::Finding&)> found;
        // Once, the last: why it ended; none: a finding has said so.
        std::function<void(Reason reason, const std::string& text)> ended;
    };

    AmqpLink(boost::asio::io_context& io, Way way, amqp::Settings settings, Callbacks callbacks);

    void open();
    // Sends a heartbeat and ends if the node's kernel does not acknowledge it soon.
    void recheck();
    // No callback from now on; sends connection.close if a session is open.
    void leave();
    // CLOCK_MONOTONIC, as its client is told.
    static std::int64_t now_ns();

    const amqp::Client& client() const { return client_; }
    // From SYN to SYN-ACK; 0: there was none.
    std::int64_t latency_ns() const { return connection_->latency_ns(); }

  private:
    Connection::Preamble preamble() const;
    void on_open(const Connection::Error& error);
    void step(const amqp::Event& event);
    std::string words_of_loss(const Connection::Error& error) const;
    void carry_out(const amqp::Action& action);
    void read();
    void write();
    void arm(std::int64_t deadline_ns);
    void on_deadline();
    void end(Reason reason, const std::string& text);
    void close();

    const Way way_;
    amqp::Client client_;
    Callbacks callbacks_;
    std::shared_ptr<Connection> connection_;
    boost::asio::steady_timer timer_, recheck_timer_;
    std::string outbox_;  // waits for what is being written
    bool established_ = false;
    bool writes_ = false;
    bool closing_ = false;  // once all is written
    bool closed_ = false;
};

}  // namespace warren::health
