// SPDX-License-Identifier: BSD-3-Clause
#include "metrics/metrics.h"

#include <algorithm>
#include <array>
#include <bit>

#include "metrics/families.h"

namespace warren::metrics {
namespace {

struct Part {
    std::string_view name;
    void (*add)(Exposition& out, const Facts& facts);
    void (*add_pool)(Exposition& out, const Pool& pool);
};
constexpr std::array<Part, static_cast<std::size_t>(Scope::count_)> parts{{
    {"process", add_process, nullptr},
    {"vrrp", add_vrrp, nullptr},
    {"service", nullptr, add_services},
    {"server", nullptr, add_servers},
    {"connect", nullptr, add_connects},
    {"worker", add_workers, nullptr},
    {"port", add_ports, nullptr},
}};

constexpr Scopes bit(Scope scope) {
    return static_cast<Scopes>(1U << static_cast<unsigned>(scope));
}

constexpr std::size_t bytes_per_step = 512 * 1024;

// Made together, so many servers at a time.
constexpr Scopes pool_scopes = bit(Scope::service) | bit(Scope::server) | bit(Scope::connect);

}  // namespace

std::optional<Scopes> read_scopes(std::string_view list) {
    if (list.empty()) return all_scopes;
    Scopes scopes = 0;
    while (!list.empty()) {
        const std::size_t end = std::min(list.find(','), list.size());
        const std::string_view name = list.substr(0, end);
        list.remove_prefix(std::min(end + 1, list.size()));
        const auto part =
            std::find_if(parts.begin(), parts.end(), [&](const Part& p) { return p.name == name; });
        if (part == parts.end()) return std::nullopt;
        scopes = static_cast<Scopes>(scopes | 1U << (part - parts.begin()));
    }
    return scopes;
}

bool Scrape::step(const Facts& facts) {
    if (left_ == 0) return out_.join(bytes_per_step);
    if (left_ == all_scopes && facts.view.state.servers.size() > most_servers_with_histogram)
        left_ = static_cast<Scopes>(left_ & ~bit(Scope::connect));
    const auto first = static_cast<std::size_t>(std::countr_zero(left_));
    Scopes done = static_cast<Scopes>(1U << first);
    if (parts[first].add != nullptr) {
        parts[first].add(out_, facts);
    } else {
        const Pool pool = walk_.next(facts.view, facts.tally, servers_per_step);
        for (std::size_t i = 0; i < parts.size(); ++i)
            if ((left_ & pool_scopes) >> i & 1U) parts[i].add_pool(out_, pool);
        done = walk_.is_done() ? pool_scopes : Scopes{0};
    }
    left_ = static_cast<Scopes>(left_ & ~done);
    return true;
}

}  // namespace warren::metrics
