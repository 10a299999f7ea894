// SPDX-License-Identifier: BSD-3-Clause
// Answers ARP, neighbour solicitations and echo requests in place, and passes on which MACs other
// stations announce.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "datapath/packet.h"
#include "exchange/worker_link.h"
#include "flow/tcp.h"
#include "net/build.h"
#include "net/neighbour.h"

namespace warren::datapath {

// Rate-limits what stations announce in ARP and neighbour messages before it goes to the manager: a
// new MAC at once, the same one once a second. A direct-mapped table: stations that share an entry
// are passed on more often.
class StationWatch {
  public:
    static constexpr std::size_t entries = 1024;

    bool is_news(const exchange::StationSeen& seen, flow::Tick now) {
        constexpr flow::Tick a_second = 8;
        Entry& entry = entries_[index_of(seen)];
        if (entry.seen == seen && now - entry.passed_on < a_second) return false;
        entry = {seen, now};
        return true;
    }

  private:
    struct Entry {
        exchange::StationSeen seen;
        flow::Tick passed_on = 0;
    };

    static std::size_t index_of(const exchange::StationSeen& seen) {
        std::uint64_t words[2];
        std::memcpy(words, seen.address.bytes().data(), sizeof(words));
        return ((words[0] ^ words[1] ^ seen.port) * 0x9e3779b97f4a7c15ULL) >> 54;
    }

    std::array<Entry, entries> entries_{};
};

class Responder {
  public:
    explicit Responder(exchange::WorkerLink& link) : link_(link), counters_(link.counters) {}

    Verdict answer_arp(Packet& packet) {
        net::arp_reply_in_place(packet.frame(), packet.parsed, packet.address->mac);
        counters_.arp_replies.add();
        return Verdict::transmit(packet.port());
    }

    Verdict answer_solicitation(Packet& packet) {
        const std::size_t length = net::build_advertisement_reply(
            packet.room(), packet.frame(), packet.parsed, packet.address->mac);
        if (length == 0) return Verdict::drop(exchange::Drop::no_mbuf);
        packet.become(length);
        counters_.neighbour_replies.add();
        return Verdict::transmit(packet.port());
    }

    Verdict answer_echo(Packet& packet) {
        net::echo_reply_in_place(packet.frame(), packet.parsed, packet.address->mac);
        counters_.echo_replies.add();
        return Verdict::transmit(packet.port());
    }

    // ARP or a neighbour message from the port with `port_mac`. Not about owned addresses: those
    // are claims, and not to be learnt from.
    void note_station(const Packet& packet, const PollRound& round,
                      const net::MacAddress& port_mac) {
        const net::Parsed& parsed = packet.parsed;
        exchange::StationSeen seen{.address = parsed.source, .port = packet.port()};
        if (parsed.network == net::Network::arp) {
            seen.mac = net::header_at<net::ArpPacket>(packet.frame(), parsed.l3_offset).sender_mac;
        } else {
            if (!net::is_neighbour_message_valid(packet.frame(), parsed) ||
                !net::overrides_known(packet.frame(), parsed))
                return;
            if (parsed.message_type == net::icmpv6_type::neighbour_advertisement)
                seen.address = net::neighbour_target(packet.frame(), parsed);
            seen.mac = net::claimed_mac(packet.frame(), parsed);
        }
        const bool nobody =
            seen.address.is_unspecified() || seen.address == net::IpAddress::v4(0, 0, 0, 0);
        if (nobody || seen.mac.is_multicast() || seen.mac.is_zero() || seen.mac == port_mac ||
            round.snapshot->find_address(seen.address) != nullptr)
            return;
        if (stations_.is_news(seen, round.tick)) static_cast<void>(link_.stations.push(seen));
    }

  private:
    exchange::WorkerLink& link_;
    exchange::WorkerCounters& counters_;
    StationWatch stations_;
};

}  // namespace warren::datapath
