// SPDX-License-Identifier: BSD-3-Clause
// Keeps a shared interface in VRRP's multicast group (224.0.0.18) through a kernel socket, so that
// its NIC and snooping switches pass the adverts on. The membership ends with the object.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <set>
#include <string>

namespace warren::control {

class MulticastGroup {
  public:
    explicit MulticastGroup(boost::asio::io_context& io);

    // Joins on that kernel interface unless it is a member already. Returns an error's text, or
    // nothing.
    std::string join(int ifindex);
    // The interface went away and its membership with it.
    void forget(int ifindex) { joined_.erase(ifindex); }

  private:
    boost::asio::ip::udp::socket socket_;
    std::set<int> joined_;
};

}  // namespace warren::control
