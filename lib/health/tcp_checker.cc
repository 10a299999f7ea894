// SPDX-License-Identifier: BSD-3-Clause
// TCP_CHECK: connect, then close at once. The close is a plain one, so the server sees SYN, ACK,
// FIN and not one byte: no linger option, no shutdown, nothing that would turn it into a RST.
//
// Nearly all servers have answered by the next tick: one look then, and the loop never hears of the
// descriptor. Who has not is waited for with the loop.
//
// A doubted server has less time, unless its host is known to live: a listener whose queue is full
// drops our SYN, too.
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <utility>

#include "health/periodic.h"
#include "health/socket.h"

namespace warren::health {
namespace {

using boost::asio::ip::tcp;

class TcpChecker final : public PeriodicChecker {
  public:
    TcpChecker(boost::asio::io_context& io, const TcpOptions& options, Callback callback)
        : PeriodicChecker(io, options.schedule, 0, std::move(callback)),
          target_{options.address, options.port, options.source},
          patience_ns_(options.connect_timeout_ns),
          slow_(io) {
        start();
    }
    ~TcpChecker() override { TcpChecker::abandon(); }
    void recheck() override;
    void on_host_alive() override;
    void ask() override {
        if (is_waiting()) attempt(0);
    }

  private:
    void begin() override;
    void abandon() override;
    void run_out() override;
    void look();
    void hand_to_loop();
    void wait_for_slow();
    void judge(const Handshake& handshake);

    Target target_;
    std::int64_t patience_ns_;
    bool is_doubted_ = false;  // the attempt under way
    int fd_ = -1;              // until slow_ has it
    tcp::socket slow_;         // not answered at the first look
};

void TcpChecker::begin() {
    const Connecting connecting = start_connect(target_);
    fd_ = connecting.fd;
    if (fd_ < 0) return fail(connecting.error);
    at_next_tick([this] { look(); });
}

void TcpChecker::look() {
    const Handshake handshake = look_at_handshake(fd_, elapsed_ns());
    if (handshake.state == Handshake::State::pending)
        hand_to_loop();
    else
        judge(handshake);
}

void TcpChecker::hand_to_loop() {
    boost::system::error_code error;
    slow_.assign(target_.address.is_v4() ? tcp::v4() : tcp::v6(), fd_, error);
    if (error) return fail(error.value());
    fd_ = -1;
    bound(is_doubted_ ? hasty_bound_ns(patience_ns_) : patience_ns_);
    wait_for_slow();
}

void TcpChecker::recheck() {
    if (is_doubted_) return;
    is_doubted_ = true;
    if (slow_.is_open()) bound(hasty_bound_ns(patience_ns_));
    if (is_waiting()) attempt(0);
}

void TcpChecker::on_host_alive() {
    is_doubted_ = false;
    if (slow_.is_open()) bound(patience_ns_);
}

// The loop may have been late: the answer counts, though its event stands behind the timer's.
void TcpChecker::run_out() {
    const Handshake handshake = look_at_handshake(slow_.native_handle(), elapsed_ns());
    handshake.state == Handshake::State::pending ? fail(ETIMEDOUT) : judge(handshake);
}

void TcpChecker::wait_for_slow() {
    slow_.async_wait(tcp::socket::wait_write, guarded([this](const boost::system::error_code&) {
                         judge(look_at_handshake(slow_.native_handle(), elapsed_ns()));
                     }));
}

void TcpChecker::judge(const Handshake& handshake) {
    switch (handshake.state) {
        case Handshake::State::pending:
            return wait_for_slow();
        case Handshake::State::done:
            return succeed(handshake.latency_ns);
        case Handshake::State::failed:
            return fail(handshake.error);
    }
}

void TcpChecker::abandon() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
    boost::system::error_code ignored;
    slow_.close(ignored);
    is_doubted_ = false;
}

}  // namespace

std::unique_ptr<Checker> make_checker(boost::asio::io_context& io, const TcpOptions& options,
                                      Callback callback) {
    return std::make_unique<TcpChecker>(io, options, std::move(callback));
}

}  // namespace warren::health
