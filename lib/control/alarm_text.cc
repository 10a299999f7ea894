// SPDX-License-Identifier: BSD-3-Clause
#include "control/alarm_text.h"

#include <spdlog/fmt/fmt.h>

#include <string_view>

#include "vrrp/words.h"

namespace warren::control {
namespace {

using vrrp::AlarmKind;
using vrrp::RejectReason;

std::string seconds(std::uint64_t ns) {
    return fmt::format("{:.2f} s", static_cast<double>(ns) / 1e9);
}

std::string theirs(const vrrp::Heard& heard) {
    std::string all;
    for (std::size_t i = 0; i < heard.addresses_kept; ++i)
        all += (i == 0 ? "" : ", ") + heard.addresses[i].to_string();
    if (heard.address_count > heard.addresses_kept)
        all += fmt::format("{}{} in all", all.empty() ? "" : ", … ", heard.address_count);
    return all.empty() ? "none" : all;
}

std::string ours_list(const vrrp::Settings& ours) {
    std::string all;
    for (std::size_t i = 0; i < ours.advert_addresses.size(); ++i) {
        if (i == vrrp::Heard::most_addresses)
            return all + fmt::format(", … {} in all", ours.advert_addresses.size());
        all += (i == 0 ? "" : ", ") + ours.advert_addresses[i].to_string();
    }
    return all.empty() ? "none" : all;
}

std::string_view auth_name(unsigned type) {
    switch (type) {
        case 0:
            return "none";
        case 1:
            return "PASS";
        case 2:
            return "AH";
        default:
            return "unknown";
    }
}

// The reasons that differ in a number or a word: theirs and ours.
std::string difference(const election::VrrpReport& report, const vrrp::Settings& ours) {
    const vrrp::Heard& heard = report.heard;
    switch (report.reject) {
        case RejectReason::ttl:
            return fmt::format("TTL {}, wanted {}: it came through a router, or is forged",
                               heard.ttl, ours.is_unicast() ? "its min_ttl to max_ttl" : "255");
        case RejectReason::version:
            return fmt::format("theirs is VRRP version {}, ours {} (vrrp_version)", heard.version,
                               static_cast<unsigned>(ours.version));
        case RejectReason::auth_type:
            return fmt::format("authentication: theirs {}, ours {} (auth_type)",
                               auth_name(heard.auth_type),
                               auth_name(static_cast<unsigned>(ours.auth_type)));
        case RejectReason::interval:
            return fmt::format("advert_int: theirs {}, ours {}", seconds(heard.advert_interval_ns),
                               seconds(ours.advert_interval_ns));
        case RejectReason::destination:
            return fmt::format(
                "sent to {}, ours go {}", heard.destination.to_string(),
                ours.is_unicast() ? "to unicast_peers" : "to " + ours.multicast_group.to_string());
        case RejectReason::address_count:
        case RejectReason::address_list:
            return fmt::format("addresses: theirs {}, ours {}", theirs(heard), ours_list(ours));
        default:
            return {};
    }
}

}  // namespace

std::string alarm_text(const election::VrrpReport& report, const vrrp::Settings& ours,
                       unsigned priority) {
    const std::string who = report.address.to_string();
    if (report.kind == election::VrrpReport::Kind::rejected) {
        const std::string what = difference(report, ours);
        return fmt::format("adverts of {} are refused: {}", who,
                           what.empty() ? std::string(words(report.reject)) : what);
    }
    switch (report.alarm) {
        case AlarmKind::other_master:
            return fmt::format("another master: {} advertises priority {}, ours is {}", who,
                               report.heard.priority, priority);
        case AlarmKind::two_owners:
            return fmt::format("two owners: {} advertises priority 255 as we do", who);
        case AlarmKind::address_conflict:
            return fmt::format("address conflict: {} is claimed by {}", who,
                               report.claimant.to_string());
        case AlarmKind::late_advert:
            return "our own advert was later than Master_Down_Interval: this machine stalled";
        case AlarmKind::address_list:
            return fmt::format("adverts of {} list other addresses: theirs {}, ours {}", who,
                               theirs(report.heard), ours_list(ours));
        case AlarmKind::interval:
            return fmt::format(
                "adverts of {} come at another interval: advert_int theirs {}, ours {}", who,
                seconds(report.heard.advert_interval_ns), seconds(ours.advert_interval_ns));
        case AlarmKind::unproven_silence:
            return "no advert was found, though the workers could not look at all that had arrived";
    }
    return "?";
}

}  // namespace warren::control
