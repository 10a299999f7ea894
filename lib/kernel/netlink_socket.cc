// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/netlink_socket.h"

#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <vector>

#include "kernel/netlink_request.h"

namespace warren::kernel {
namespace {

// Attributes by type; those beyond the highest we use are skipped.
using Attributes = std::array<const nlattr*, 64>;

Attributes attributes_of(const nlmsghdr& header, std::size_t family_header_bytes) {
    Attributes found{};
    mnl_attr_parse(
        &header, static_cast<unsigned>(family_header_bytes),
        [](const nlattr* attribute, void* data) {
            auto& into = *static_cast<Attributes*>(data);
            const std::uint16_t type = mnl_attr_get_type(attribute);
            if (type < into.size()) into[type] = attribute;
            return MNL_CB_OK;
        },
        &found);
    return found;
}

std::optional<std::uint32_t> number_of(const nlattr* attribute) {
    if (attribute == nullptr || mnl_attr_get_payload_len(attribute) < 4) return std::nullopt;
    return mnl_attr_get_u32(attribute);
}

// The kernel ends it with a zero; here the attribute's own length counts.
std::string text_of(const nlattr* attribute) {
    if (attribute == nullptr) return {};
    const auto* text = static_cast<const char*>(mnl_attr_get_payload(attribute));
    return {text, strnlen(text, mnl_attr_get_payload_len(attribute))};
}

std::optional<net::IpAddress> address_from(const void* bytes, std::size_t size, int family) {
    if (family == AF_INET && size >= 4) {
        std::uint32_t raw = 0;
        std::memcpy(&raw, bytes, sizeof(raw));
        return net::IpAddress::v4(net::Be32::from_raw(raw));
    }
    if (family == AF_INET6 && size >= 16) {
        std::array<std::uint8_t, 16> raw{};
        std::memcpy(raw.data(), bytes, raw.size());
        return net::IpAddress::v6(raw);
    }
    return std::nullopt;
}

std::optional<net::IpAddress> address_of(const nlattr* attribute, int family) {
    if (attribute == nullptr) return std::nullopt;
    return address_from(mnl_attr_get_payload(attribute), mnl_attr_get_payload_len(attribute),
                        family);
}

std::optional<net::MacAddress> mac_of(const nlattr* attribute) {
    net::MacAddress mac;
    if (attribute == nullptr || mnl_attr_get_payload_len(attribute) != mac.bytes.size())
        return std::nullopt;
    std::memcpy(mac.bytes.data(), mnl_attr_get_payload(attribute), mac.bytes.size());
    return mac;
}

template <typename Header>
const Header* family_header(const nlmsghdr& message) {
    if (mnl_nlmsg_get_payload_len(&message) < sizeof(Header)) return nullptr;
    return static_cast<const Header*>(mnl_nlmsg_get_payload(&message));
}

KernelMessage parse_link(const nlmsghdr& message) {
    const auto* header = family_header<ifinfomsg>(message);
    // A bridge sends messages about its ports too: leaving it is not the end of the link.
    if (header == nullptr || header->ifi_family != AF_UNSPEC) return {};
    const Attributes found = attributes_of(message, sizeof(*header));
    LinkMessage result;
    result.removed = message.nlmsg_type == RTM_DELLINK;
    Link& link = result.link;
    link.index = header->ifi_index;
    link.name = text_of(found[IFLA_IFNAME]);
    link.mac = mac_of(found[IFLA_ADDRESS]).value_or(net::MacAddress{});
    link.mtu = number_of(found[IFLA_MTU]).value_or(0);
    link.carrier_losses = number_of(found[IFLA_CARRIER_DOWN_COUNT]).value_or(0);
    link.up = (header->ifi_flags & IFF_UP) != 0;
    link.loopback = (header->ifi_flags & IFF_LOOPBACK) != 0;
    std::uint8_t state = IF_OPER_UNKNOWN;
    if (found[IFLA_OPERSTATE] != nullptr && mnl_attr_get_payload_len(found[IFLA_OPERSTATE]) != 0)
        state = mnl_attr_get_u8(found[IFLA_OPERSTATE]);
    link.running = link.up && (header->ifi_flags & IFF_LOWER_UP) != 0 &&
                   (state == IF_OPER_UP || state == IF_OPER_UNKNOWN);
    return result;
}

KernelMessage parse_address(const nlmsghdr& message) {
    const auto* header = family_header<ifaddrmsg>(message);
    if (header == nullptr) return {};
    const Attributes found = attributes_of(message, sizeof(*header));
    // On a point-to-point link IFA_ADDRESS is the peer's.
    const nlattr* own = found[IFA_LOCAL] != nullptr ? found[IFA_LOCAL] : found[IFA_ADDRESS];
    const auto address = address_of(own, header->ifa_family);
    if (!address || header->ifa_prefixlen > (address->is_v4() ? 32 : 128)) return {};
    const std::uint32_t flags = number_of(found[IFA_FLAGS]).value_or(header->ifa_flags);
    AddressMessage result;
    result.removed = message.nlmsg_type == RTM_DELADDR;
    result.ifindex = static_cast<int>(header->ifa_index);
    result.address.prefix = {*address, header->ifa_prefixlen};
    // In IPv6 the same bit means "temporary".
    result.address.secondary = address->is_v4() && (flags & IFA_F_SECONDARY) != 0;
    result.address.link_scope = header->ifa_scope == RT_SCOPE_LINK;
    result.address.usable = (flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) == 0;
    return result;
}

KernelMessage parse_neighbour(const nlmsghdr& message) {
    const auto* header = family_header<ndmsg>(message);
    if (header == nullptr) return {};
    const Attributes found = attributes_of(message, sizeof(*header));
    const auto address = address_of(found[NDA_DST], header->ndm_family);
    if (!address) return {};
    NeighbourMessage result;
    result.removed = message.nlmsg_type == RTM_DELNEIGH;
    result.ifindex = header->ndm_ifindex;
    result.address = *address;
    constexpr unsigned valid =
        NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP;
    if ((header->ndm_state & valid) != 0) result.mac = mac_of(found[NDA_LLADDR]);
    result.failed = (header->ndm_state & NUD_FAILED) != 0;
    result.probing = (header->ndm_state & NUD_PROBE) != 0;
    result.permanent = (header->ndm_state & (NUD_PERMANENT | NUD_NOARP)) != 0;
    result.managed = (number_of(found[NDA_FLAGS_EXT]).value_or(0) & NTF_EXT_MANAGED) != 0;
    return result;
}

std::optional<RouteAnswer> parse_route(const nlmsghdr& message) {
    const auto* header = family_header<rtmsg>(message);
    if (header == nullptr || message.nlmsg_type != RTM_NEWROUTE) return std::nullopt;
    if (header->rtm_type != RTN_UNICAST && header->rtm_type != RTN_LOCAL) return std::nullopt;
    const Attributes found = attributes_of(message, sizeof(*header));
    RouteAnswer answer;
    answer.ifindex = static_cast<int>(number_of(found[RTA_OIF]).value_or(0));
    answer.local = header->rtm_type == RTN_LOCAL;
    answer.gateway = address_of(found[RTA_GATEWAY], header->rtm_family);
    answer.source = address_of(found[RTA_PREFSRC], header->rtm_family);
    if (const nlattr* via = found[RTA_VIA]; via != nullptr && mnl_attr_get_payload_len(via) > 2) {
        const auto* bytes = static_cast<const std::uint8_t*>(mnl_attr_get_payload(via));
        std::uint16_t family = 0;
        std::memcpy(&family, bytes, sizeof(family));
        answer.gateway = address_from(bytes + 2, mnl_attr_get_payload_len(via) - 2U, family);
    }
    if (answer.ifindex == 0) return std::nullopt;
    return answer;
}

using MessageHandler = std::function<void(const nlmsghdr&)>;
int call_handler(const nlmsghdr* header, void* data) {
    (*static_cast<const MessageHandler*>(data))(*header);
    return MNL_CB_OK;
}

void subscribe(mnl_socket* socket) {
    for (int group : {RTNLGRP_LINK, RTNLGRP_NEIGH, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
                      RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE})
        if (mnl_socket_setsockopt(socket, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
            throw std::system_error(errno, std::generic_category(), "netlink: cannot subscribe");
    // Absent from small kernels, which then have no such changes either. NETCONF: whether the
    // kernel forwards, which a next hop says.
    for (int group : {RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE, RTNLGRP_NEXTHOP, RTNLGRP_IPV4_NETCONF,
                      RTNLGRP_IPV6_NETCONF})
        mnl_socket_setsockopt(socket, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group));
}

}  // namespace

KernelMessage parse_kernel_message(const nlmsghdr& header) {
    switch (header.nlmsg_type) {
        case RTM_NEWLINK:
        case RTM_DELLINK:
            return parse_link(header);
        case RTM_NEWADDR:
        case RTM_DELADDR:
            return parse_address(header);
        case RTM_NEWNEIGH:
        case RTM_DELNEIGH:
            return parse_neighbour(header);
        case RTM_NEWROUTE:
        case RTM_DELROUTE:
        case RTM_NEWRULE:
        case RTM_DELRULE:
        case RTM_NEWNEXTHOP:
        case RTM_DELNEXTHOP:
            return RouteMessage{};
        default:
            return {};
    }
}

NetlinkSocket::NetlinkSocket(Use use)
    : socket_(mnl_socket_open2(NETLINK_ROUTE,
                               SOCK_CLOEXEC | (use == Use::events ? SOCK_NONBLOCK : 0))) {
    if (socket_ == nullptr)
        throw std::system_error(errno, std::generic_category(), "netlink: cannot open a socket");
    try {
        if (mnl_socket_bind(socket_, 0, MNL_SOCKET_AUTOPID) < 0)
            throw std::system_error(errno, std::generic_category(), "netlink: cannot bind");
        if (use == Use::events) {
            const int bytes = 1 << 20;
            if (setsockopt(fd(), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) != 0)
                setsockopt(fd(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
            subscribe(socket_);
        } else {
            const timeval patience{1, 0};  // never needed by a kernel that works
            setsockopt(fd(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        }
    } catch (...) {
        mnl_socket_close(socket_);
        throw;
    }
}

NetlinkSocket::~NetlinkSocket() {
    mnl_socket_close(socket_);
}

int NetlinkSocket::fd() const {
    return mnl_socket_get_fd(socket_);
}

int NetlinkSocket::read_event(const Handler& handler) {
    alignas(nlmsghdr) std::array<char, 32'768> buffer;
    const ssize_t size = mnl_socket_recvfrom(socket_, buffer.data(), buffer.size());
    if (size < 0) return errno == ENOSPC ? ENOBUFS : errno;  // ENOSPC: cut off, so lost too
    MessageHandler parse = [&](const nlmsghdr& header) { handler(parse_kernel_message(header)); };
    mnl_cb_run(buffer.data(), static_cast<std::size_t>(size), 0, 0, call_handler, &parse);
    return 0;
}

int NetlinkSocket::transact(nlmsghdr& request, const MessageHandler& handler) {
    request.nlmsg_seq = ++sequence_;
    if (mnl_socket_sendto(socket_, &request, request.nlmsg_len) < 0) return errno;
    alignas(nlmsghdr) std::array<char, 32'768> buffer;
    MessageHandler copy = handler;
    const unsigned port = mnl_socket_get_portid(socket_);
    while (true) {
        const ssize_t size = mnl_socket_recvfrom(socket_, buffer.data(), buffer.size());
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return errno;
        const auto* first = reinterpret_cast<const nlmsghdr*>(buffer.data());
        if (first->nlmsg_seq != sequence_) continue;  // the rest of a request given up
        const int more = mnl_cb_run(buffer.data(), static_cast<std::size_t>(size), sequence_, port,
                                    call_handler, &copy);
        if (more < 0) return errno;
        if (more == MNL_CB_STOP) return 0;
    }
}

int NetlinkSocket::dump_links(const Handler& handler) {
    Request request(RTM_GETLINK, NLM_F_DUMP);
    request.put(ifinfomsg{});
    return transact(request.header(),
                    [&](const nlmsghdr& header) { handler(parse_kernel_message(header)); });
}

int NetlinkSocket::dump_addresses(const Handler& handler) {
    Request request(RTM_GETADDR, NLM_F_DUMP);
    request.put(ifaddrmsg{});
    return transact(request.header(),
                    [&](const nlmsghdr& header) { handler(parse_kernel_message(header)); });
}

int NetlinkSocket::get_route(const net::IpAddress& destination, std::optional<RouteAnswer>& answer,
                             int ifindex) {
    answer.reset();
    Request request(RTM_GETROUTE, NLM_F_ACK);
    rtmsg header{};
    header.rtm_family = family_of(destination);
    header.rtm_dst_len = destination.is_v4() ? 32 : 128;
    request.put(header);
    request.put(RTA_DST, destination);
    if (ifindex != 0) request.put(RTA_OIF, static_cast<std::uint32_t>(ifindex));
    return transact(request.header(), [&](const nlmsghdr& reply) { answer = parse_route(reply); });
}

int NetlinkSocket::get_neighbour(int ifindex, const net::IpAddress& address,
                                 std::optional<NeighbourMessage>& answer) {
    answer.reset();
    Request request(RTM_GETNEIGH, NLM_F_ACK);
    ndmsg header{};
    header.ndm_family = family_of(address);
    header.ndm_ifindex = ifindex;
    request.put(header);
    request.put(NDA_DST, address);
    return transact(request.header(), [&](const nlmsghdr& reply) {
        const KernelMessage message = parse_kernel_message(reply);
        if (const auto* neighbour = std::get_if<NeighbourMessage>(&message)) answer = *neighbour;
    });
}

int NetlinkSocket::keep_neighbour(int ifindex, const net::IpAddress& address, Keep keep) {
    Request request(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE | NLM_F_ACK);
    ndmsg header{};
    header.ndm_family = family_of(address);
    header.ndm_ifindex = ifindex;
    header.ndm_state = NUD_NONE;
    // Learned by others than the kernel: its limits (gc_thresh1 to 3) leave such entries alone.
    header.ndm_flags = keep == Keep::use ? NTF_USE : NTF_EXT_LEARNED;
    request.put(header);
    request.put(NDA_DST, address);
    if (keep == Keep::managed) request.put(NDA_FLAGS_EXT, std::uint32_t{NTF_EXT_MANAGED});
    return transact(request.header(), [](const nlmsghdr&) {});
}

int NetlinkSocket::set_neighbour(int ifindex, const net::IpAddress& address, NeighbourState state) {
    Request request(RTM_NEWNEIGH, NLM_F_REPLACE | NLM_F_ACK);
    ndmsg header{};
    header.ndm_family = family_of(address);
    header.ndm_ifindex = ifindex;
    header.ndm_state = state == NeighbourState::probe ? NUD_PROBE : NUD_FAILED;
    request.put(header);
    request.put(NDA_DST, address);
    return transact(request.header(), [](const nlmsghdr&) {});
}

namespace {

// With a peer, that is what the prefix is about (a point-to-point address).
void put_address(Request& request, int ifindex, const KernelAddress& address) {
    ifaddrmsg header{};
    header.ifa_family = family_of(address.prefix.address);
    header.ifa_prefixlen = address.peer.value_or(address.prefix).length;
    header.ifa_scope = address.scope;
    header.ifa_index = static_cast<unsigned>(ifindex);
    request.put(header);
    request.put(IFA_LOCAL, address.prefix.address);
}

// Without it the kernel's removal takes any prefix length of that address.
void put_prefix(Request& request, const KernelAddress& address) {
    request.put(IFA_ADDRESS, address.peer.value_or(address.prefix).address);
}

}  // namespace

int NetlinkSocket::add_address(int ifindex, const KernelAddress& address) {
    Request request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE | NLM_F_ACK);
    put_address(request, ifindex, address);
    put_prefix(request, address);
    if (address.broadcast) request.put(IFA_BROADCAST, *address.broadcast);
    if (!address.label.empty()) request.put(IFA_LABEL, address.label);
    request.put(IFA_FLAGS, address.flags);
    if (address.preferred_lft != KernelAddress::for_ever) {
        ifa_cacheinfo lifetimes{};
        lifetimes.ifa_prefered = address.preferred_lft;
        lifetimes.ifa_valid = KernelAddress::for_ever;
        request.put_raw(IFA_CACHEINFO, lifetimes);
    }
    return transact(request.header(), [](const nlmsghdr&) {});
}

NetlinkMessage address_removal(int ifindex, const KernelAddress& address, Removal removal) {
    Request request(RTM_DELADDR, NLM_F_ACK);
    put_address(request, ifindex, address);
    if (removal == Removal::exact) put_prefix(request, address);
    return request.message();
}

int NetlinkSocket::remove_address(int ifindex, const KernelAddress& address, Removal removal) {
    return request(address_removal(ifindex, address, removal));
}

// A vector's bytes are aligned for any header.
int NetlinkSocket::request(NetlinkMessage message) {
    return transact(*reinterpret_cast<nlmsghdr*>(message.data()), [](const nlmsghdr&) {});
}

}  // namespace warren::kernel
