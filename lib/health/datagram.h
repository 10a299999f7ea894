// SPDX-License-Identifier: BSD-3-Clause
// What DNS_CHECK and UDP_CHECK share: an attempt is one datagram to the target and what comes back,
// a reply or an ICMP error.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/udp.hpp>
#include <memory>
#include <utility>
#include <vector>

#include "health/connection.h"
#include "health/periodic.h"

namespace warren::health {

class DatagramChecker : public PeriodicChecker {
  protected:
    // most_bytes: of a reply; what is longer comes with one byte more than that.
    DatagramChecker(boost::asio::io_context& io, const Schedule& schedule, std::int64_t timeout_ns,
                    Target target, std::size_t most_bytes, Callback callback)
        : PeriodicChecker(io, schedule, timeout_ns, std::move(callback)),
          target_(std::move(target)),
          most_bytes_(most_bytes),
          socket_(io) {}

    // Ends in take(), or in fail().
    void send(const std::vector<std::uint8_t>& question) {
        auto error = open_socket(socket_, target_);
        if (!error) socket_.send(boost::asio::buffer(question), 0, error);
        if (error) return fail(reason_of(error), error.message());
        read();
    }
    void read() {
        // Of its own each time: whoever receives writes there until the handler has run.
        auto datagram = std::make_shared<std::vector<std::uint8_t>>(most_bytes_ + 1);
        socket_.async_receive(
            boost::asio::buffer(*datagram),
            guarded([this, datagram](const boost::system::error_code& error, std::size_t bytes) {
                if (error) return fail(reason_of(error), error.message());
                take({datagram->data(), bytes});
            }));
    }
    // Judges a reply, or calls read() for the next one.
    virtual void take(net::ConstBytes reply) = 0;

    void abandon() override {
        boost::system::error_code ignored;
        socket_.close(ignored);
    }

  private:
    Target target_;
    std::size_t most_bytes_;
    boost::asio::ip::udp::socket socket_;
};

}  // namespace warren::health
