// SPDX-License-Identifier: BSD-3-Clause
// Any text as a configuration: it never crashes, ends within its limits, an accepted one keeps
// every promise of config.h, and a tree that was read without complaint reads back from its own
// text. A zero byte in the input starts the next file, which `include 1`, `include 2` ... reads.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "schema/load.h"
#include "syntax/document.h"

namespace {

using namespace warren;
using namespace warren::config;
using namespace warren::syntax;
using schema::load, schema::LoadResult;

void require(bool holds) {
    if (!holds) std::abort();
}

std::vector<std::string> split_files(std::string_view input) {
    std::vector<std::string> files{{}};
    for (const char c : input) {
        if (c == '\0') {
            files.emplace_back();
        } else {
            files.back() += c;
        }
    }
    return files;
}

void check_instance(const VrrpInstance& v) {
    require(!v.interface.empty() && v.virtual_router_id != 0 && v.priority != 0);
    require(v.advert_int_ns >= 10 * ns_per_ms && v.advert_int_ns <= 255 * ns_per_s);
    require(v.virtual_ipaddress.size() <= max_virtual_addresses);
    require(v.virtual_ipaddress_excluded.size() <= max_excluded_addresses);
    require(v.version == 2 || v.version == 3);
    require(v.garp.lower_prio_delay_ns >= 0 && v.garp.master_repeat >= 1);
}

void check_accepted(const Config& config) {
    require(config.vrrp_instances.size() <= max_vrrp_instances);
    require(config.virtual_servers.size() <= max_virtual_servers);
    for (const VrrpInstance& v : config.vrrp_instances)
        check_instance(v);
    for (const VirtualServer& s : config.virtual_servers) {
        require(s.port != 0 && s.real_servers.size() <= max_real_servers);
        require(s.timing.delay_loop_ns.value_or(1) > 0 &&
                s.timing.connect_timeout_ns.value_or(1) > 0);
        for (const RealServer& r : s.real_servers)
            require(r.port != 0);
    }
    const Dataplane& d = config.dataplane;
    require(d.workers >= 1 && d.workers <= max_workers && d.flows > 0);
    require(d.worker_cpus.empty() || d.worker_cpus.size() == d.workers);
}

void check_round_trip(const Document& document) {
    constexpr std::size_t small_enough_bytes = 1U << 20;
    if (!document.diagnostics.empty() || !document.braces.empty()) return;
    const std::string text = to_text(document.nodes);
    if (text.size() > small_enough_bytes) return;
    const Document again =
        read_document("0", [&](const std::string&) { return std::optional(text); });
    require(again.diagnostics.empty() && again.braces.empty());
    require(to_text(again.nodes) == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::vector<std::string> files = split_files({reinterpret_cast<const char*>(data), size});
    const FileReader read = [&](const std::string& path) -> std::optional<std::string> {
        const unsigned long index = std::strtoul(path.c_str(), nullptr, 10);
        if (index >= files.size()) return std::nullopt;
        return files[index];
    };
    LoadOptions options;
    options.config_id = "main";
    const LoadResult result = load("0", read, options);
    if (result.ok()) check_accepted(result.config);
    for (const Diagnostic& d : result.diagnostics)
        require(!d.message.empty());
    check_round_trip(read_document("0", read, options));
    return 0;
}
