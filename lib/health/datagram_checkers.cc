// SPDX-License-Identifier: BSD-3-Clause
// DNS_CHECK and UDP_CHECK: an attempt is one datagram to the target and what comes back: a reply,
// an ICMP error, or nothing in time.
#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/udp.hpp>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "health/connection.h"
#include "health/layer5.h"
#include "health/periodic.h"
#include "probe/dns_message.h"

namespace warren::health {
namespace {

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

// ---- DNS_CHECK: one query, whose answer must have no error

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

// ---- UDP_CHECK: the datagram of the configuration

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

std::unique_ptr<Checker> make_checker(boost::asio::io_context& io, const DnsOptions& options,
                                      Callback callback) {
    return std::make_unique<DnsChecker>(io, options, std::move(callback));
}

std::unique_ptr<Checker> make_checker(boost::asio::io_context& io, const UdpOptions& options,
                                      Callback callback) {
    return std::make_unique<UdpChecker>(io, options, std::move(callback));
}

}  // namespace warren::health
