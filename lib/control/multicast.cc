// SPDX-License-Identifier: BSD-3-Clause
#include "control/multicast.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace warren::control {

// Never bound, so nothing is ever queued on it: the membership is all it is for.
MulticastGroup::MulticastGroup(boost::asio::io_context& io)
    : socket_(io, boost::asio::ip::udp::v4()) {}

std::string MulticastGroup::join(int ifindex) {
    if (joined_.count(ifindex) != 0) return {};
    ip_mreqn request{};
    request.imr_multiaddr.s_addr = htonl(0xe0000012);
    request.imr_ifindex = ifindex;
    if (setsockopt(socket_.native_handle(), IPPROTO_IP, IP_ADD_MEMBERSHIP, &request,
                   sizeof(request)) != 0 &&
        errno != EADDRINUSE)
        return std::strerror(errno);
    joined_.insert(ifindex);
    return {};
}

}  // namespace warren::control
