// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/multicast.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace warren::kernel {
namespace {

// 0 or errno.
int join_v4(int socket, int ifindex, const net::IpAddress& group) {
    ip_mreqn request{};
    request.imr_multiaddr.s_addr = group.as_v4().raw();
    request.imr_ifindex = ifindex;
    const int error = setsockopt(socket, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof(request));
    return error == 0 ? 0 : errno;
}

int join_v6(int socket, int ifindex, const net::IpAddress& group) {
    ipv6_mreq request{};
    std::memcpy(&request.ipv6mr_multiaddr, group.bytes().data(), group.bytes().size());
    request.ipv6mr_interface = static_cast<unsigned>(ifindex);
    const int error =
        setsockopt(socket, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &request, sizeof(request));
    return error == 0 ? 0 : errno;
}

void close_all(std::vector<int>& sockets) {
    for (const int socket : sockets)
        close(socket);
    sockets.clear();
}

}  // namespace

MulticastGroups::~MulticastGroups() {
    close_all(sockets_v4_);
    close_all(sockets_v6_);
}

// The sockets are never bound, so nothing is ever queued on them: the membership is all they are
// for.
std::string MulticastGroups::join(int ifindex, const net::IpAddress& group) {
    if (joined_.contains({ifindex, group})) return {};
    const bool v4 = group.is_v4();
    std::vector<int>& sockets = v4 ? sockets_v4_ : sockets_v6_;
    int error = ENOBUFS;
    for (unsigned attempt = 0; attempt < 2; ++attempt) {
        if (!sockets.empty())
            error = v4 ? join_v4(sockets.back(), ifindex, group)
                       : join_v6(sockets.back(), ifindex, group);
        const bool full = error == ENOBUFS || error == ENOMEM;
        if (!full || sockets.size() >= max_sockets) break;
        const int fresh = socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fresh < 0) return std::strerror(errno);
        sockets.push_back(fresh);
    }
    if (error != 0 && error != EADDRINUSE) return std::strerror(error);
    joined_.insert({ifindex, group});
    return {};
}

void MulticastGroups::forget(int ifindex) {
    std::erase_if(joined_, [ifindex](const auto& entry) { return entry.first == ifindex; });
}

}  // namespace warren::kernel
