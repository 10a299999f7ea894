// SPDX-License-Identifier: BSD-3-Clause
#include "live/rates.h"

#include <array>
#include <utility>

#include "rows/fields.h"

namespace warren::ctl {
namespace {

struct Rate {
    const char* name;
    const char* counter;
};
constexpr std::array rates{Rate{"new_s", "connections"}, Rate{"refused_s", "refused"},
                           Rate{"in_s", "to_server_bytes"}, Rate{"out_s", "to_client_bytes"}};

// Counters that went back are a warren's that has begun anew.
Json rate_of(const Json& before, const Json& now, const char* counter, double passed_s) {
    const auto was = before.value(counter, std::uint64_t{0});
    const auto is = now.value(counter, std::uint64_t{0});
    return is < was ? Json() : Json(static_cast<double>(is - was) / passed_s);
}

}  // namespace

void Rates::take(std::vector<Json>& servers, double now_s) {
    std::map<std::string, Look> looks;
    for (Json& row : servers) {
        const std::string name = text(row, "service") + ' ' + text(row, "server");
        const auto before = before_.find(name);
        const bool is_known = before != before_.end() && now_s > before->second.when_s;
        const Json counters = row;
        for (const Rate& rate : rates)
            row[rate.name] = is_known ? rate_of(before->second.row, counters, rate.counter,
                                                now_s - before->second.when_s)
                                      : Json();
        looks.emplace(name, Look{counters, now_s});
    }
    before_ = std::move(looks);
}

}  // namespace warren::ctl
