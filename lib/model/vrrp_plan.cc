// SPDX-License-Identifier: BSD-3-Clause
#include "model/vrrp_plan.h"

#include <algorithm>
#include <memory>

#include "vrrp/advert.h"

namespace warren::model {
namespace {

std::uint64_t positive(std::int64_t ns) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(ns, 0));
}

std::uint8_t count(unsigned repeat) {
    return static_cast<std::uint8_t>(std::min(repeat, 255U));
}

std::uint16_t bit(vrrp::FaultCause cause) {
    return static_cast<std::uint16_t>(1U << static_cast<unsigned>(cause));
}

bool has_default_takeover(const config::GarpTiming& garp) {
    const config::GarpTiming defaults;
    return garp.master_delay_ns == defaults.master_delay_ns &&
           garp.master_repeat == defaults.master_repeat && garp.garp_interval_ns <= 0 &&
           garp.gna_interval_ns <= 0;
}

// Left at keepalived's defaults, our denser schedule is used; a configured one is taken literally.
vrrp::AnnounceSchedule schedule(std::int64_t delay_ns, unsigned repeat, std::int64_t default_ns,
                                unsigned default_repeat, bool spaced) {
    if (delay_ns == default_ns && repeat == default_repeat && !spaced)
        return vrrp::default_announce_schedule;
    return vrrp::keepalived_schedule(positive(delay_ns), count(repeat));
}

vrrp::Announcements announcements(const config::GarpTiming& garp) {
    const config::GarpTiming defaults;
    const bool spaced = garp.garp_interval_ns > 0 || garp.gna_interval_ns > 0;
    vrrp::Announcements out;
    out.takeover = schedule(garp.master_delay_ns, garp.master_repeat, defaults.master_delay_ns,
                            defaults.master_repeat, spaced);
    out.lower_priority = schedule(garp.lower_prio_delay_ns, garp.lower_prio_repeat,
                                  defaults.lower_prio_delay_ns, defaults.lower_prio_repeat, spaced);
    out.refresh_ns = positive(garp.master_refresh_ns);
    out.refresh_repeat = count(garp.master_refresh_repeat);
    return out;
}

std::optional<net::IpAddress> named_source(const config::VrrpInstance& instance) {
    return instance.mcast_src_ip ? instance.mcast_src_ip : instance.unicast_src_ip;
}

net::IpAddress primary_address(const config::VrrpInstance& instance, const PortState& port) {
    if (const auto named = named_source(instance)) return *named;
    if (instance.is_ipv6()) return port.link_local.value_or(net::IpAddress{});
    return port.primary ? port.primary->address : net::IpAddress{};
}

// As often as the file lists them: keepalived refuses an advert of another number.
std::vector<net::IpAddress> listed_addresses(const config::VrrpInstance& instance) {
    std::vector<net::IpAddress> all;
    for (const config::VirtualAddress& vip : instance.virtual_ipaddress)
        all.insert(all.end(), 1 + vip.repeated, vip.prefix.address);
    return all;
}

}  // namespace

election::RouterPlan make_plan(const config::VrrpInstance& instance, const PortState& port,
                               std::uint8_t port_index, std::uint16_t group) {
    election::RouterPlan plan;
    vrrp::Settings& s = plan.settings;
    s.version = instance.version == 3 ? vrrp::Version::v3 : vrrp::Version::v2;
    s.vrid = instance.virtual_router_id;
    s.priority = instance.priority;
    s.advert_interval_ns = positive(instance.advert_int_ns);
    s.down_timer_adverts = instance.down_timer_adverts;
    s.preempt = instance.preempt;
    s.preempt_delay_ns = positive(instance.preempt_delay_ns);
    s.auth_type = instance.auth_type == config::AuthType::pass ? vrrp::AuthType::pass
                  : instance.auth_type == config::AuthType::ah ? vrrp::AuthType::ah
                                                               : vrrp::AuthType::none;
    s.auth_data = instance.auth_pass;
    s.ah_ttl = instance.ah_rfc2402 ? vrrp::AhTtl::zero : vrrp::AhTtl::covered;
    s.primary_address = primary_address(instance, port);
    s.multicast_group = instance.multicast_group;
    const std::size_t most = vrrp::most_addresses(s, port.mtu);
    s.advert_addresses = listed_addresses(instance);
    s.advert_addresses.resize(std::min(most, s.advert_addresses.size()));
    for (const config::UnicastPeer& peer : instance.unicast_peer)
        s.unicast_peers.push_back({peer.address, peer.min_ttl, peer.max_ttl});
    s.unicast_ttl = instance.unicast_ttl;
    s.check_unicast_source = instance.check_unicast_src;
    s.checksum_form = instance.v3_checksum == config::V3Checksum::message_only
                          ? vrrp::ChecksumForm::message_only
                          : vrrp::ChecksumForm::pseudo_header;
    s.skip_check_addresses = instance.skip_check_adv_addr;
    s.lower_priority_no_advert = instance.lower_prio_no_advert;
    s.higher_priority_send_advert = instance.higher_prio_send_advert;
    s.owner_ignore_adverts = instance.owner_ignore_adverts;
    s.announcements = announcements(instance.garp);
    s.grouped = group != election::no_group;
    s.silent = instance.serves_host_address;
    plan.group = group;
    plan.port = port_index;
    plan.adverts_from_base = instance.vmac_xmit_base;
    plan.source_mac = instance.use_vmac && port.hears_virtual_macs
                          ? net::virtual_router_mac(s.vrid, s.is_ipv6())
                          : port.mac;
    plan.announce_until_traffic = has_default_takeover(instance.garp);
    plan.garp_gap_ns = positive(instance.garp.garp_interval_ns);
    plan.gna_gap_ns = positive(instance.garp.gna_interval_ns);
    if (!port.link_up && instance.track_primary) plan.faults |= bit(vrrp::FaultCause::link_down);
    if (s.primary_address.is_unspecified()) plan.faults |= bit(vrrp::FaultCause::no_address);
    return plan;
}

RouterState make_router(const config::VrrpInstance& instance, const PortState& port,
                        std::uint8_t port_index, std::uint16_t group) {
    RouterState router;
    router.config = std::make_shared<const config::VrrpInstance>(instance);
    router.port = port_index;
    router.plan =
        std::make_unique<election::RouterPlan>(make_plan(instance, port, port_index, group));
    router.tracking.total = {instance.priority};
    router.no_address = router.plan->settings.primary_address.is_unspecified();
    return router;
}

std::size_t unlisted_addresses(const RouterState& router) {
    const vrrp::Settings& settings = router.plan->settings;
    return settings.silent
               ? 0
               : listed_addresses(*router.config).size() - settings.advert_addresses.size();
}

// A unicast router's peers speak to its source: where the kernel does not have it, it would hear
// nobody and be a second master. A port of our own may get its addresses later.
bool lacks_source(const config::VrrpInstance& instance, const PortState& port,
                  const std::vector<net::IpAddress>& host_addresses) {
    const std::optional<net::IpAddress> named = named_source(instance);
    const bool lives_by_it = !instance.unicast_peer.empty() && port.shared;
    return (instance.track_src_ip || lives_by_it) && named &&
           !std::binary_search(host_addresses.begin(), host_addresses.end(), *named);
}

}  // namespace warren::model
