// SPDX-License-Identifier: BSD-3-Clause
// TCP_CHECK: connect, then close at once. The close is a plain one, so the server sees SYN, ACK,
// FIN and not one byte: no linger option, no shutdown, nothing that would turn it into a RST.
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
                              succeed(handshake_latency_ns(socket_.native_handle(), elapsed_ns()));
                          }));
}

void TcpChecker::abandon() {
    boost::system::error_code ignored;
    socket_.close(ignored);
}

}  // namespace

std::unique_ptr<Checker> make_checker(boost::asio::io_context& io, const TcpOptions& options,
                                      Callback callback) {
    return std::make_unique<TcpChecker>(io, options, std::move(callback));
}

}  // namespace warren::health
