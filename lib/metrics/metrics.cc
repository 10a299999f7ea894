// SPDX-License-Identifier: BSD-3-Clause
#include "metrics/metrics.h"

#include <algorithm>
#include <array>

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

std::string render(const Facts& facts, Scopes scopes) {
    Exposition out;
    std::optional<Pool> pool;
    if (scopes == all_scopes && facts.view.state.servers.size() > most_servers_with_histogram)
        scopes = static_cast<Scopes>(scopes & ~(1U << static_cast<unsigned>(Scope::connect)));
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if ((scopes >> i & 1U) == 0) continue;
        if (parts[i].add != nullptr) {
            parts[i].add(out, facts);
            continue;
        }
        if (!pool) pool = pool_rows(facts.view, facts.tally);
        parts[i].add_pool(out, *pool);
    }
    return out.take();
}

}  // namespace warren::metrics
