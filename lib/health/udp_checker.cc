// SPDX-License-Identifier: BSD-3-Clause
// UDP_CHECK: one datagram, and what comes back: a reply, an ICMP error, or nothing in time.
#include <algorithm>
#include <random>
#include <utility>

#include "health/datagram.h"
#include "health/layer5.h"

namespace warren::health {
namespace {

constexpr std::size_t random_payload_bytes = 32;

class UdpChecker final : public DatagramChecker {
  public:
    UdpChecker(boost::asio::io_context& io, const UdpOptions& options, Callback callback)
        : DatagramChecker(io, options.schedule, options.connect_timeout_ns, options.target,
                          options.max_reply_bytes, std::move(callback)),
          options_(options) {
        start();
    }

  private:
    void begin() override { send(payload()); }
    void run_out() override;
    void take(net::ConstBytes reply) override;
    std::vector<std::uint8_t> payload() const;

    UdpOptions options_;
};

std::vector<std::uint8_t> UdpChecker::payload() const {
    if (!options_.payload.empty()) return options_.payload;
    std::vector<std::uint8_t> bytes(random_payload_bytes);
    std::random_device random;
    std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<std::uint8_t>(random()); });
    return bytes;
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

}  // namespace

std::unique_ptr<Checker> make_checker(boost::asio::io_context& io, const UdpOptions& options,
                                      Callback callback) {
    return std::make_unique<UdpChecker>(io, options, std::move(callback));
}

}  // namespace warren::health
