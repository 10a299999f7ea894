// SPDX-License-Identifier: BSD-3-Clause
// UDP_CHECK: one datagram, and what comes back: a reply, an ICMP error, or nothing in time.
#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <random>
#include <utility>

#include "health/connection.h"
#include "health/layer5.h"
#include "health/periodic.h"

namespace warren::health {
namespace {

constexpr std::size_t random_payload_bytes = 32;

class UdpChecker final : public PeriodicChecker {
  public:
    UdpChecker(boost::asio::io_context& io, const UdpOptions& options, Callback callback)
        : PeriodicChecker(io, options.schedule, options.connect_timeout_ns, std::move(callback)),
          options_(options),
          socket_(io) {
        start();
    }

  private:
    void begin() override;
    void abandon() override;
    void run_out() override;
    std::vector<std::uint8_t> payload() const;
    void read();
    void take(net::ConstBytes reply);

    UdpOptions options_;
    boost::asio::ip::udp::socket socket_;
};

std::vector<std::uint8_t> UdpChecker::payload() const {
    if (!options_.payload.empty()) return options_.payload;
    std::vector<std::uint8_t> bytes(random_payload_bytes);
    std::random_device random;
    std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<std::uint8_t>(random()); });
    return bytes;
}

void UdpChecker::begin() {
    if (const auto error = open_socket(socket_, options_.target); error)
        return fail(reason_of(error), error.message());
    boost::system::error_code error;
    socket_.send(boost::asio::buffer(payload()), 0, error);
    if (error) return fail(reason_of(error), error.message());
    read();
}

// One byte more than may come tells a longer datagram from one that just fits.
void UdpChecker::read() {
    auto datagram = std::make_shared<std::vector<std::uint8_t>>(options_.max_reply_bytes + 1);
    socket_.async_receive(
        boost::asio::buffer(*datagram),
        guarded([this, datagram](const boost::system::error_code& error, std::size_t bytes) {
            if (error) return fail(reason_of(error), error.message());
            take({datagram->data(), bytes});
        }));
}

void UdpChecker::take(net::ConstBytes reply) {
    if (!options_.require_reply) return succeed(elapsed_ns());
    if (reply.size() < options_.min_reply_bytes || reply.size() > options_.max_reply_bytes)
        return fail(Reason::other, "a reply of another length");
    if (options_.reply && !matches(*options_.reply, reply))
        return fail(Reason::other, "another reply");
    succeed(elapsed_ns());
}

void UdpChecker::run_out() {
    if (options_.require_reply) return fail(ETIMEDOUT);
    succeed(0);  // nobody has complained
}

void UdpChecker::abandon() {
    boost::system::error_code ignored;
    socket_.close(ignored);
}

}  // namespace

std::unique_ptr<Checker> make_checker(boost::asio::io_context& io, const UdpOptions& options,
                                      Callback callback) {
    return std::make_unique<UdpChecker>(io, options, std::move(callback));
}

}  // namespace warren::health
