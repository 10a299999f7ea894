// SPDX-License-Identifier: BSD-3-Clause
// Names of the enumerators, as logs, counters and `show vrrp` print them.
#include "bfd/control_packet.h"

namespace warren::bfd {

std::string_view name(State state) {
    switch (state) {
        case State::admin_down:
            return "AdminDown";
        case State::down:
            return "Down";
        case State::init:
            return "Init";
        case State::up:
            return "Up";
    }
    return "?";
}

std::string_view name(Diagnostic diagnostic) {
    switch (diagnostic) {
        case Diagnostic::none:
            return "no diagnostic";
        case Diagnostic::detection_time_expired:
            return "detection time expired";
        case Diagnostic::echo_failed:
            return "echo failed";
        case Diagnostic::neighbour_signalled_down:
            return "neighbour signalled down";
        case Diagnostic::forwarding_plane_reset:
            return "forwarding plane reset";
        case Diagnostic::path_down:
            return "path down";
        case Diagnostic::concatenated_path_down:
            return "concatenated path down";
        case Diagnostic::administratively_down:
            return "administratively down";
        case Diagnostic::reverse_concatenated_path_down:
            return "reverse concatenated path down";
    }
    return "reserved diagnostic";
}

std::string_view name(DiscardReason reason) {
    switch (reason) {
        case DiscardReason::version:
            return "version";
        case DiscardReason::length:
            return "length";
        case DiscardReason::detect_mult:
            return "detect_mult";
        case DiscardReason::multipoint:
            return "multipoint";
        case DiscardReason::my_discriminator:
            return "my_discriminator";
        case DiscardReason::your_discriminator:
            return "your_discriminator";
        case DiscardReason::poll_and_final:
            return "poll_and_final";
        case DiscardReason::authentication:
            return "authentication";
        case DiscardReason::no_session:
            return "no_session";
        case DiscardReason::ttl:
            return "ttl";
        case DiscardReason::other_session:
            return "other_session";
        case DiscardReason::not_started:
            return "not_started";
    }
    return "?";
}

}  // namespace warren::bfd
