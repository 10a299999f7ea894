// SPDX-License-Identifier: BSD-3-Clause
#include "rows/fields.h"

#include <array>
#include <utility>

#include "text/times.h"
#include "text/units.h"

namespace warren::ctl {
namespace {

// A code that is newer than we are speaks for itself.
std::string in_words(const auto& words, const std::string& code) {
    for (const auto& [known, said] : words)
        if (code == known) return said;
    return code;
}

std::string short_faults(const Json& faults) {
    constexpr std::array words{
        std::pair{"link_down", "link down"},         std::pair{"no_address", "no address"},
        std::pair{"worker_stall", "worker stalled"}, std::pair{"transmit_stall", "sends nothing"},
        std::pair{"tracked", "tracked failed"},      std::pair{"sync_group", "group in fault"},
        std::pair{"quorum_lost", "quorum lost"},     std::pair{"handover", "handed over"},
        std::pair{"no_buffers", "no buffers"},
    };
    std::string all;
    for (const Json& fault : faults)
        all += (all.empty() ? "" : ", ") + in_words(words, fault.get<std::string>());
    return all;
}

}  // namespace

std::string text(const Json& row, const char* key) {
    const auto found = row.find(key);
    if (found == row.end() || found->is_null()) return "-";
    return found->is_string() ? found->get<std::string>() : found->dump();
}

std::string decimal(const Json& row, const char* key) {
    const auto found = row.find(key);
    return found == row.end() || !found->is_number() ? "-" : decimal_text(found->get<double>());
}

std::int64_t time_at(const Json& row, const char* key) {
    return read_utc_time(text(row, key)).value_or(0);
}

std::string when(const Json& row) {
    const std::int64_t ms = time_at(row);
    return ms == 0 ? "-" : local_time(ms, wall_ms());
}

std::string joined(const Json& list) {
    std::string all;
    for (const Json& item : list)
        all +=
            (all.empty() ? "" : " ") + (item.is_string() ? item.get<std::string>() : item.dump());
    return all.empty() ? "-" : all;
}

std::string router_why(const Json& router) {
    constexpr std::array words{
        std::pair{"startup", "started"},
        std::pair{"owner_startup", "owner"},
        std::pair{"master_down", "peer silent"},
        std::pair{"priority_zero", "peer left"},
        std::pair{"preempted_lower", "preempted"},
        std::pair{"higher_priority_heard", "peer is higher"},
        std::pair{"higher_address_heard", "peer is higher"},
        std::pair{"fault_cleared", "fault is over"},
        std::pair{"handover", "handed over"},
        std::pair{"sync_group", "with its group"},
        std::pair{"stalled", "stood still"},
    };
    if (const Json faults = router.value("faults", Json::array()); !faults.empty())
        return short_faults(faults);
    const std::string reason = text(router, "reason");
    if (router.value("static", false) && reason == "owner_startup") return "host's own";
    return in_words(words, reason);
}

std::string spoken(const Json& router, const std::string& what) {
    return router.value("static", false) ? "-" : what;
}

std::string joined(const Json& row, const char* key) {
    const auto found = row.find(key);
    return found == row.end() ? "-" : joined(*found);
}

// A warren of before `serves`, in an upgrade, says it by the state alone.
std::string effective_weight(const Json& server) {
    const bool serves = server.value("serves", text(server, "state") == "up");
    return serves ? decimal(server, "effective_weight") : "0";
}

std::string check_time(const Json& server) {
    return text(server, "check") == "ok" ? number<latency_text>(server, "check_us") : "-";
}

bool is_plainly_up(const Json& server) {
    const std::string reason = text(server, "reason");
    return text(server, "state") == "up" && (reason == "start" || reason == "check passed");
}

}  // namespace warren::ctl
