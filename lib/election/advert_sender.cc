// SPDX-License-Identifier: BSD-3-Clause
#include "election/advert_sender.h"

#include <algorithm>

namespace warren::election {

AdvertSender::AdvertSender(std::size_t most_routers, FrameSink& sink, exchange::Counter& refused)
    : sink_(sink), refused_(refused) {
    items_.reserve(most_routers);
}

void AdvertSender::place(std::size_t router, const RouterPlan& plan) {
    if (router == items_.size()) items_.emplace_back();
    set_unsent(items_[router], false);
    items_[router] = Item{.plan = &plan};
}

void AdvertSender::change_plan(std::size_t router, const RouterPlan& plan) {
    Item& item = items_[router];
    const auto& old = item.plan->settings.unicast_peers;
    const auto& peers = plan.settings.unicast_peers;
    std::array<net::MacAddress, max_unicast_peers> macs{};
    for (std::size_t i = 0; i < std::min(peers.size(), macs.size()); ++i) {
        const auto at = std::find_if(old.begin(), old.end(), [&](const vrrp::UnicastPeer& peer) {
            return peer.address == peers[i].address;
        });
        const auto place = static_cast<std::size_t>(at - old.begin());
        if (at != old.end() && place < macs.size()) macs[i] = item.peer_macs[place];
    }
    item.peer_macs = macs;
    item.next_target = 0;
    item.plan = &plan;
}

void AdvertSender::set_peer_mac(std::size_t router, std::size_t peer, const net::MacAddress& mac) {
    if (peer < max_unicast_peers) items_[router].peer_macs[peer] = mac;
}

void AdvertSender::send(std::size_t router, std::uint8_t priority, std::uint64_t now_ns,
                        const net::MacAddress& source_mac) {
    Item& item = items_[router];
    if (item.unsent) ++item.unsent_adverts;
    item.next_target = 0;
    item.priority = priority;
    item.source_mac = source_mac;
    send_rest(item);
    if (item.unsent) retry_deadline_ns_ = std::min(retry_deadline_ns_, now_ns + retry_ns);
}

// To the group or to each unicast peer, from next_target on.
void AdvertSender::send_rest(Item& item) {
    const vrrp::Settings& settings = item.plan->settings;
    const std::size_t targets = settings.is_unicast() ? settings.unicast_peers.size() : 1;
    set_unsent(item, false);
    for (std::size_t i = item.next_target; i < targets && i < max_unicast_peers; ++i) {
        AdvertTarget target = multicast_target(*item.plan);
        if (settings.is_unicast()) {
            target = {settings.unicast_peers[i].address, item.peer_macs[i], settings.unicast_ttl};
            if (target.mac.is_zero()) {
                ++item.unresolved_adverts;
                continue;
            }
        }
        if (send_one(item, target)) continue;
        set_unsent(item, true);
        item.next_target = i;
        return;
    }
}

bool AdvertSender::send_one(Item& item, const AdvertTarget& target) {
    std::array<std::uint8_t, max_advert_frame_bytes> frame;
    const std::size_t bytes = build_advert_frame(frame, *item.plan, item.priority, target);
    if (!item.source_mac.is_zero())
        net::header_in<net::EthernetHeader>(net::Bytes(frame), 0).source = item.source_mac;
    const vrrp::Settings& settings = item.plan->settings;
    if (settings.auth_type == vrrp::AuthType::ah &&
        !vrrp::seal_ah(ah_packet(net::Bytes(frame).first(bytes)), settings, item.ah, hmac_))
        return true;  // its numbers are used up: what a peer would refuse need not be tried again
    if (sink_.send(item.plan->port, net::ConstBytes(frame).first(bytes))) return true;
    refused_.add();
    return false;
}

void AdvertSender::set_unsent(Item& item, bool unsent) {
    if (item.unsent && !unsent) --unsent_;
    if (!item.unsent && unsent) ++unsent_;
    item.unsent = unsent;
    if (unsent_ == 0) retry_deadline_ns_ = vrrp::no_deadline;
}

void AdvertSender::retry(std::uint64_t now_ns) {
    if (unsent_ == 0 || now_ns < retry_deadline_ns_) return;
    for (Item& item : items_)
        if (item.unsent) send_rest(item);
    if (unsent_ != 0) retry_deadline_ns_ = now_ns + retry_ns;
}

vrrp::Decoded AdvertSender::decode_ah(std::size_t router, net::ConstBytes packet) {
    Item& item = items_[router];
    return vrrp::decode_ah(packet, item.plan->settings, item.ah, hmac_);
}

}  // namespace warren::election
