// SPDX-License-Identifier: BSD-3-Clause
// TCP_CHECK: connect, then close at once. The close is a plain one, so the server sees SYN, ACK,
// FIN and not one byte: no linger option, no shutdown, nothing that would turn it into a RST.
#include <netinet/tcp.h>

#include <boost/asio/ip/tcp.hpp>
#include <cerrno>

#include "health/periodic.h"
#include "health/socket.h"

namespace warren::health {
namespace {

using boost::asio::ip::tcp;

class TcpChecker final : public PeriodicChecker {
  public:
    TcpChecker(boost::asio::io_context& io, const TcpOptions& options, Callback callback)
        : PeriodicChecker(io, options.schedule, options.connect_timeout_ns, std::move(callback)),
          options_(options),
          socket_(io) {
        start();
    }

  private:
    void begin() override;
    void abandon() override;
    std::int64_t latency_ns();

    TcpOptions options_;
    tcp::socket socket_;
};

void TcpChecker::begin() {
    tcp::endpoint endpoint;
    const Target target{options_.address, options_.port, options_.source};
    if (const auto error = open_socket(socket_, target, endpoint); error)
        return fail(error.value());
    socket_.async_connect(endpoint, guarded([this](const boost::system::error_code& result) {
                              if (result) return fail(result.value());
                              succeed(latency_ns());
                          }));
}

void TcpChecker::abandon() {
    boost::system::error_code ignored;
    socket_.close(ignored);
}

// The kernel's own SYN to SYN-ACK time, which a busy manager does not distort; if a SYN was lost,
// the time that passed, because that loss is what the clients feel too.
std::int64_t TcpChecker::latency_ns() {
    const std::int64_t passed = elapsed_ns();
    tcp_info info{};
    socklen_t length = sizeof(info);
    if (getsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_INFO, &info, &length) != 0)
        return passed;
    const std::int64_t measured = std::int64_t{info.tcpi_rtt} * 1000;
    return info.tcpi_total_retrans == 0 && measured > 0 && measured < passed ? measured : passed;
}

}  // namespace

std::unique_ptr<Checker> make_checker(boost::asio::io_context& io, const TcpOptions& options,
                                      Callback callback) {
    return std::make_unique<TcpChecker>(io, options, std::move(callback));
}

}  // namespace warren::health
