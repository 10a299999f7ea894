// SPDX-License-Identifier: BSD-3-Clause
#include "config/fixed_parts.h"

#include <algorithm>

#include "config/sync_groups.h"

namespace warren::config {
namespace {

template <typename T>
bool has_name(const std::vector<T>& all, const std::string& name) {
    return std::any_of(all.begin(), all.end(), [&](const T& item) { return item.name == name; });
}

// Their order counts too: others know them by their place.
template <typename T>
std::string difference(const char* keyword, const std::vector<T>& running,
                       const std::vector<T>& wanted) {
    const auto text = [&](const T& item, const char* what) {
        return std::string(keyword) + " " + item.name + what;
    };
    for (std::size_t i = 0; i < std::max(running.size(), wanted.size()); ++i) {
        if (i < running.size() && !has_name(wanted, running[i].name))
            return text(running[i], " is gone");
        if (i < wanted.size() && !has_name(running, wanted[i].name))
            return text(wanted[i], " is new");
        if (running[i].name != wanted[i].name) return text(wanted[i], " stands at another place");
        if (running[i] != wanted[i]) return text(wanted[i], " has changed");
    }
    return {};
}

// Whatever numbers the groups have: the first member's place.
std::vector<std::size_t> first_members(const Config& config) {
    const std::vector<std::uint16_t> groups = sync_groups(config);
    std::vector<std::size_t> firsts;
    for (std::size_t i = 0; i < groups.size(); ++i)
        firsts.push_back(
            groups[i] == no_sync_group
                ? i
                : static_cast<std::size_t>(std::find(groups.begin(), groups.end(), groups[i]) -
                                           groups.begin()));
    return firsts;
}

}  // namespace

std::string changed_fixed_part(const Config& running, const Config& wanted) {
    if (running.global != wanted.global) return "global_defs has changed";
    if (running.dataplane != wanted.dataplane) return "dataplane has changed";
    for (const std::string& text :
         {difference("vrrp_instance", running.vrrp_instances, wanted.vrrp_instances),
          difference("vrrp_sync_group", running.vrrp_sync_groups, wanted.vrrp_sync_groups),
          difference("vrrp_script", running.vrrp_scripts, wanted.vrrp_scripts),
          difference("track_file", running.track_files, wanted.track_files),
          difference("track_process", running.track_processes, wanted.track_processes),
          difference("bfd_instance", running.bfd_instances, wanted.bfd_instances)})
        if (!text.empty()) return text;
    const std::vector<std::size_t> before = first_members(running);
    const std::vector<std::size_t> after = first_members(wanted);
    const auto differs = std::mismatch(before.begin(), before.end(), after.begin()).first;
    if (differs == before.end()) return {};
    const auto at = static_cast<std::size_t>(differs - before.begin());
    return "vrrp_instance " + running.vrrp_instances[at].name +
           " moves together with others than before, for a virtual_server's sake";
}

}  // namespace warren::config
