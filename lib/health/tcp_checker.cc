// SPDX-License-Identifier: BSD-3-Clause
// TCP_CHECK: connect, then close at once. The close is a plain one, so the server sees SYN, ACK,
// FIN and not one byte: no linger option, no shutdown, nothing that would turn it into a RST.
//
// Nearly all servers have answered by the next tick: one look then, and the loop never hears of the
// descriptor. Who has not is waited for with the loop.
//
// A doubted server has less time, and its host is sent an echo request: if that is answered, the
// host lives, and a listener whose queue is full has dropped our SYN. Then it is asked once more,
// with all of its time.
#include <unistd.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <cstring>
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
          io_(io),
          target_{options.address, options.port, options.source},
          patience_ns_(options.connect_timeout_ns),
          slow_(io) {
        start();
    }
    ~TcpChecker() override { TcpChecker::abandon(); }
    void recheck() override;
    void ask() override {
        if (is_waiting()) attempt(0);
    }

  private:
    void begin() override;
    void abandon() override;
    void run_out() override;
    void ask_host();
    void look();
    void hand_to_loop();
    void wait_for_slow();
    void judge(const Handshake& handshake);

    boost::asio::io_context& io_;
    Target target_;
    std::int64_t patience_ns_;
    bool is_doubted_ = false;  // the attempt under way
    bool is_spared_ = false;   // the one before was, and the host lives
    bool host_lives_ = false;
    std::unique_ptr<Checker> echo_;
    int fd_ = -1;       // until slow_ has it
    tcp::socket slow_;  // not answered at the first look
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
    bound(is_doubted_ ? hasty_timeout_ns(patience_ns_) : patience_ns_);
    wait_for_slow();
}

void TcpChecker::recheck() {
    if (is_doubted_ || is_spared_) return;
    is_doubted_ = true;
    ask_host();
    const std::int64_t hasty_ns = hasty_timeout_ns(patience_ns_);
    if (slow_.is_open())
        bound(std::min(patience_ns_, std::max(hasty_ns, elapsed_ns() + hasty_ns / 2)));
    if (is_waiting()) attempt(0);
}

void TcpChecker::ask_host() {
    echo_ = make_checker(io_,
                         PingOptions{.address = target_.address,
                                     .source = target_.source,
                                     .timeout_ns = hasty_timeout_ns(patience_ns_)},
                         [this](const CheckResult& result) {
                             host_lives_ = result.ok();
                             return Pace::steady;
                         });
}

// The loop may have been late: the answer counts, though its event stands behind the timer's.
void TcpChecker::run_out() {
    const Handshake handshake = look_at_handshake(slow_.native_handle(), elapsed_ns());
    if (handshake.state != Handshake::State::pending) return judge(handshake);
    if (is_doubted_ && host_lives_) {
        go_on(0);
        is_spared_ = true;
        return;
    }
    CheckResult result{reason_of(ETIMEDOUT), elapsed_ns(), std::strerror(ETIMEDOUT)};
    result.host_lives = is_spared_;
    finish(result);
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
    echo_.reset();
    is_doubted_ = is_spared_ = host_lives_ = false;
}

}  // namespace

std::unique_ptr<Checker> make_checker(boost::asio::io_context& io, const TcpOptions& options,
                                      Callback callback) {
    return std::make_unique<TcpChecker>(io, options, std::move(callback));
}

}  // namespace warren::health
