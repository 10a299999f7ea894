// SPDX-License-Identifier: BSD-3-Clause
// DNS_CHECK: one query by UDP, whose answer must have no error.
#include <random>
#include <utility>

#include "health/datagram.h"
#include "health/layer5.h"
#include "probe/dns_message.h"

namespace warren::health {
namespace {

constexpr std::size_t most_reply_bytes = 512;  // RFC 1035 section 4.2.1

class DnsChecker final : public DatagramChecker {
  public:
    DnsChecker(boost::asio::io_context& io, const DnsOptions& options, Callback callback)
        : DatagramChecker(io, options.schedule, options.connect_timeout_ns, options.target,
                          most_reply_bytes, std::move(callback)),
          options_(options) {
        start();
    }

  private:
    void begin() override;
    void take(net::ConstBytes answer) override;

    DnsOptions options_;
    std::uint16_t id_ = 0;
};

void DnsChecker::begin() {
    id_ = static_cast<std::uint16_t>(std::random_device()());  // not to be guessed
    const auto query = probe::dns_query(id_, options_.name, options_.type);
    if (!query) return fail(Reason::local, "'" + options_.name + "' is no name that DNS has");
    send(*query);
}

void DnsChecker::take(net::ConstBytes answer) {
    const std::optional<unsigned> rcode = probe::dns_rcode(id_, answer);
    if (!rcode) return read();  // an answer to an earlier query, or nobody's
    if (*rcode == 0) return succeed(elapsed_ns());
    fail(Reason::other, "answer " + std::string(probe::dns_rcode_name(*rcode)) + " (rcode " +
                            std::to_string(*rcode) + ")");
}

}  // namespace

std::unique_ptr<Checker> make_checker(boost::asio::io_context& io, const DnsOptions& options,
                                      Callback callback) {
    return std::make_unique<DnsChecker>(io, options, std::move(callback));
}

}  // namespace warren::health
