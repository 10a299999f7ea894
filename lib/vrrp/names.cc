// SPDX-License-Identifier: BSD-3-Clause
// Names of the enumerators, as counters, logs and `show vrrp` print them.
#include "vrrp/event.h"

namespace warren::vrrp {

std::string_view name(State state) {
    switch (state) {
        case State::initialize:
            return "initialize";
        case State::backup:
            return "backup";
        case State::master:
            return "master";
        case State::fault:
            return "fault";
    }
    return "?";
}

std::string_view name(FaultCause cause) {
    switch (cause) {
        case FaultCause::link_down:
            return "link_down";
        case FaultCause::no_address:
            return "no_address";
        case FaultCause::worker_stall:
            return "worker_stall";
        case FaultCause::transmit_stall:
            return "transmit_stall";
        case FaultCause::tracked:
            return "tracked";
        case FaultCause::sync_group:
            return "sync_group";
        case FaultCause::quorum_lost:
            return "quorum_lost";
        case FaultCause::handover:
            return "handover";
        case FaultCause::no_buffers:
            return "no_buffers";
    }
    return "?";
}

std::string_view name(Reason reason) {
    switch (reason) {
        case Reason::none:
            return "none";
        case Reason::startup:
            return "startup";
        case Reason::owner_startup:
            return "owner_startup";
        case Reason::master_down:
            return "master_down";
        case Reason::priority_zero:
            return "priority_zero";
        case Reason::preempted_lower:
            return "preempted_lower";
        case Reason::higher_priority_heard:
            return "higher_priority_heard";
        case Reason::higher_address_heard:
            return "higher_address_heard";
        case Reason::fault:
            return "fault";
        case Reason::fault_cleared:
            return "fault_cleared";
        case Reason::sync_group:
            return "sync_group";
        case Reason::shutdown:
            return "shutdown";
        case Reason::handover:
            return "handover";
        case Reason::stalled:
            return "stalled";
    }
    return "?";
}

std::string_view name(AlarmKind kind) {
    switch (kind) {
        case AlarmKind::other_master:
            return "other_master";
        case AlarmKind::two_owners:
            return "two_owners";
        case AlarmKind::address_conflict:
            return "address_conflict";
        case AlarmKind::late_advert:
            return "late_advert";
        case AlarmKind::address_list:
            return "address_list";
        case AlarmKind::interval:
            return "interval";
        case AlarmKind::unproven_silence:
            return "unproven_silence";
    }
    return "?";
}

std::string_view name(RejectReason reason) {
    switch (reason) {
        case RejectReason::ttl:
            return "ttl";
        case RejectReason::version:
            return "version";
        case RejectReason::type:
            return "type";
        case RejectReason::length:
            return "length";
        case RejectReason::checksum:
            return "checksum";
        case RejectReason::vrid:
            return "vrid";
        case RejectReason::own_advert:
            return "own_advert";
        case RejectReason::destination:
            return "destination";
        case RejectReason::unicast_source:
            return "unicast_source";
        case RejectReason::owner:
            return "owner";
        case RejectReason::auth_type:
            return "auth_type";
        case RejectReason::auth_data:
            return "auth_data";
        case RejectReason::ah_missing:
            return "ah_missing";
        case RejectReason::ah_unexpected:
            return "ah_unexpected";
        case RejectReason::ah_format:
            return "ah_format";
        case RejectReason::ah_icv:
            return "ah_icv";
        case RejectReason::ah_spi:
            return "ah_spi";
        case RejectReason::ah_replay:
            return "ah_replay";
        case RejectReason::interval:
            return "interval";
        case RejectReason::address_count:
            return "address_count";
        case RejectReason::address_list:
            return "address_list";
        case RejectReason::malformed_packet:
            return "malformed_packet";
    }
    return "?";
}

}  // namespace warren::vrrp
