// SPDX-License-Identifier: BSD-3-Clause
#include "vrrp/words.h"

namespace warren::vrrp {

std::string_view words(FaultCause cause) {
    switch (cause) {
        case FaultCause::link_down:
            return "its link is down";
        case FaultCause::no_address:
            return "it has no address of this host to send from";
        case FaultCause::worker_stall:
            return "a worker has stopped polling";
        case FaultCause::transmit_stall:
            return "its interface sends nothing";
        case FaultCause::tracked:
            return "what it tracks has failed";
        case FaultCause::sync_group:
            return "another member of its group is in fault";
        case FaultCause::quorum_lost:
            return "too few real_servers are up here, and the peer has more";
        case FaultCause::handover:
            return "it is being handed over";
        case FaultCause::no_buffers:
            return "there are no packet buffers";
    }
    return "?";
}

std::string_view words(RejectReason reason) {
    switch (reason) {
        case RejectReason::type:
            return "no advertisement by its type";
        case RejectReason::length:
            return "shorter than it says itself";
        case RejectReason::checksum:
            return "its checksum is wrong";
        case RejectReason::own_advert:
            return "it has our own source address: a loop, or another host with our address";
        case RejectReason::unicast_source:
            return "its sender is none of our unicast_peers";
        case RejectReason::owner:
            return "we own the addresses (owner_ignore_adverts)";
        case RejectReason::auth_data:
            return "its password differs from ours (auth_pass)";
        case RejectReason::ah_missing:
            return "no authentication header, ours is auth_type AH";
        case RejectReason::ah_unexpected:
            return "an authentication header (auth_type AH), ours has none";
        case RejectReason::ah_format:
            return "its authentication header is not of HMAC-MD5-96";
        case RejectReason::ah_icv:
            return "its authentication value is wrong: another auth_pass, or altered";
        case RejectReason::ah_spi:
            return "the SPI of its authentication header is not its address";
        case RejectReason::ah_replay:
            return "its sequence number is not above the last: replayed, or restarted";
        case RejectReason::ttl:
            return "its TTL says that it came through a router, or is forged";
        case RejectReason::version:
            return "it is of another version of VRRP (vrrp_version)";
        case RejectReason::vrid:
            return "it is of another virtual_router_id";
        case RejectReason::destination:
            return "it was sent to another address than ours are";
        case RejectReason::auth_type:
            return "its authentication is of another kind (auth_type)";
        case RejectReason::interval:
            return "its advert_int differs from ours, or is 0";
        case RejectReason::address_count:
            return "it has no address";
        case RejectReason::address_list:
            return "its first address is not link-local, as ours is";
        case RejectReason::malformed_packet:
            return "its packet is malformed";
    }
    return "?";
}

std::string fault_words(std::uint16_t faults) {
    std::string text;
    for (unsigned bit = 0; bit < 16; ++bit)
        if ((faults >> bit & 1) != 0)
            text.append(text.empty() ? "" : ", ").append(words(static_cast<FaultCause>(bit)));
    return text;
}

}  // namespace warren::vrrp
