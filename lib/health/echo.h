// SPDX-License-Identifier: BSD-3-Clause
// One ICMP or ICMPv6 echo (RFC 792, RFC 4443 4.1), once: does the host live, whatever its ports do?
// The socket is raw, connected to the host and filtered to echo replies, so that it wakes for
// nothing else; where raw sockets are forbidden the kernel's datagram ICMP socket does, and then
// the kernel chooses and checks the identifier.
#pragma once

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>

#include "health/target.h"
#include "net/bytes.h"

namespace warren::health {

class Echo {
  public:
    // 0: the host has answered; else an errno, that of an ICMP error, say. Comes from the
    // io_context, at most once: silence has no end, and no call comes after destruction.
    using Done = std::function<void(int error)>;

    Echo(boost::asio::io_context& io, const net::IpAddress& host, const Source& source, Done done);
    // Call once. Returns an errno; 0 = it is under way.
    int send();
    // Whether the answer is here, though the loop may not have come to it yet.
    bool is_answered();

  private:
    int open();
    int prepare(int fd);
    void wait_for_reply();
    void on_readable();
    int read();
    bool is_reply(net::ConstBytes packet) const;
    bool ipv6() const { return !host_.is_v4(); }

    net::IpAddress host_;
    Source source_;
    Done done_;
    boost::asio::posix::stream_descriptor descriptor_;
    std::array<std::uint8_t, 24> request_{};
    bool raw_ = true;
    bool answered_ = false;
    // Lives as long as this: a cancelled wait still calls its handler.
    std::shared_ptr<const int> presence_ = std::make_shared<const int>();
};

}  // namespace warren::health
