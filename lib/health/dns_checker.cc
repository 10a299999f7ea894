// SPDX-License-Identifier: BSD-3-Clause
// DNS_CHECK: one query by UDP, whose answer must have no error.
#include <array>
#include <boost/asio/buffer.hpp>
#include <random>
#include <utility>

#include "health/connection.h"
#include "health/layer5.h"
#include "health/periodic.h"
#include "probe/dns_message.h"

namespace warren::health {
namespace {

class DnsChecker final : public PeriodicChecker {
  public:
    DnsChecker(boost::asio::io_context& io, const DnsOptions& options, Callback callback)
        : PeriodicChecker(io, options.schedule, options.connect_timeout_ns, std::move(callback)),
          options_(options),
          socket_(io) {
        start();
    }

  private:
    void begin() override;
    void abandon() override;
    void read();
    void take(net::ConstBytes answer);

    DnsOptions options_;
    boost::asio::ip::udp::socket socket_;
    // Of its own for each attempt: whoever receives writes there until the handler has run.
    using Datagram = std::array<std::uint8_t, 512>;
    std::uint16_t id_ = 0;
};

void DnsChecker::begin() {
    id_ = static_cast<std::uint16_t>(std::random_device()());  // not to be guessed
    const auto query = probe::dns_query(id_, options_.name, options_.type);
    if (!query) return fail(Reason::local, "'" + options_.name + "' is no name that DNS has");
    if (const auto error = open_socket(socket_, options_.target); error)
        return fail(reason_of(error), error.message());
    boost::system::error_code error;
    socket_.send(boost::asio::buffer(*query), 0, error);
    if (error) return fail(reason_of(error), error.message());
    read();
}

void DnsChecker::read() {
    auto datagram = std::make_shared<Datagram>();
    socket_.async_receive(
        boost::asio::buffer(*datagram),
        guarded([this, datagram](const boost::system::error_code& error, std::size_t bytes) {
            if (error) return fail(reason_of(error), error.message());
            take({datagram->data(), bytes});
        }));
}

void DnsChecker::take(net::ConstBytes answer) {
    const std::optional<unsigned> rcode = probe::dns_rcode(id_, answer);
    if (!rcode) return read();  // an answer to an earlier query, or nobody's
    if (*rcode == 0) return succeed(elapsed_ns());
    fail(Reason::other, "answer " + std::string(probe::dns_rcode_name(*rcode)) + " (rcode " +
                            std::to_string(*rcode) + ")");
}

void DnsChecker::abandon() {
    boost::system::error_code ignored;
    socket_.close(ignored);
}

}  // namespace

std::unique_ptr<Checker> make_checker(boost::asio::io_context& io, const DnsOptions& options,
                                      Callback callback) {
    return std::make_unique<DnsChecker>(io, options, std::move(callback));
}

}  // namespace warren::health
