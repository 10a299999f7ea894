// SPDX-License-Identifier: BSD-3-Clause
#include "election/advert_frame.h"

#include <array>

#include "net/build.h"
#include "net/family.h"
#include "vrrp/ah.h"

namespace warren::election {
namespace {

constexpr std::uint8_t internetwork_control = 0xc0;  // traffic class

bool is_ah(const vrrp::Settings& settings) {
    return settings.auth_type == vrrp::AuthType::ah;
}

// RFC 3768 5.2, RFC 9568 5.1.
template <typename Family>
std::size_t build(net::Bytes out, const RouterPlan& plan, const AdvertTarget& target,
                  net::ConstBytes message) {
    net::IpFields<typename Family::Address> fields;
    fields.source = Family::narrow(plan.settings.primary_address);
    fields.destination = Family::narrow(target.address);
    fields.protocol = is_ah(plan.settings) ? net::IpProtocol::ah : net::IpProtocol::vrrp;
    fields.hop_limit = target.hop_limit;
    fields.traffic_class = internetwork_control;
    return net::build_ip<Family>(out, {plan.source_mac, target.mac}, fields, message);
}

}  // namespace

net::MacAddress multicast_mac(const net::IpAddress& group) {
    const auto& b = group.bytes();
    if (group.is_v4())
        return {{0x01, 0x00, 0x5e, static_cast<std::uint8_t>(b[13] & 0x7f), b[14], b[15]}};
    return {{0x33, 0x33, b[12], b[13], b[14], b[15]}};
}

AdvertTarget multicast_target(const RouterPlan& plan) {
    const net::IpAddress& group = plan.settings.multicast_group;
    return {group, multicast_mac(group), vrrp::multicast_ttl};
}

std::size_t build_advert_frame(net::Bytes out, const RouterPlan& plan, std::uint8_t priority,
                               const AdvertTarget& target) {
    std::array<std::uint8_t, vrrp::ah_bytes + vrrp::max_message_bytes> payload{};
    const std::size_t before = is_ah(plan.settings) ? vrrp::ah_bytes : 0;
    const std::size_t bytes = vrrp::encode(plan.settings, priority, plan.settings.primary_address,
                                           target.address, net::Bytes(payload).subspan(before));
    if (bytes == 0) return 0;
    const auto used = net::ConstBytes(payload).first(before + bytes);
    return plan.settings.is_ipv6() ? build<net::Ip6>(out, plan, target, used)
                                   : build<net::Ip4>(out, plan, target, used);
}

}  // namespace warren::election
