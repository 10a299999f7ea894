// SPDX-License-Identifier: BSD-3-Clause
#include "config/fixed_parts.h"

#include <cstdint>

namespace warren::config {

namespace {

// Sockets for readers come and go with a reload.
Dataplane without_http(Dataplane dataplane) {
    dataplane.http.clear();
    return dataplane;
}

std::string change_of(const char* keyword, std::uint64_t before, std::uint64_t after) {
    return std::string(keyword) + " " + std::to_string(before) + " -> " + std::to_string(after);
}

// The first keyword that differs.
std::string changed_keyword(const Dataplane& before, const Dataplane& after) {
    if (before.workers != after.workers) return change_of("workers", before.workers, after.workers);
    if (before.flows != after.flows) return change_of("flows", before.flows, after.flows);
    if (before.worker_cpus != after.worker_cpus) return "worker_cpus";
    if (before.control_cpu != after.control_cpu) return "control_cpu";
    if (before.control_priority != after.control_priority) return "control_priority";
    if (before.hugepages != after.hugepages) return "hugepages";
    if (before.idle != after.idle) return "idle";
    if (before.unknown_flow != after.unknown_flow) return "unknown_flow";
    if (before.host_addresses != after.host_addresses) return "host_addresses";
    return "interface";
}

}  // namespace

std::string changed_fixed_part(const Config& running, const Config& wanted) {
    if (without_http(running.dataplane) != without_http(wanted.dataplane))
        return "dataplane has changed (" + changed_keyword(running.dataplane, wanted.dataplane) +
               ")";
    if (running.global.net_namespace != wanted.global.net_namespace)
        return "net_namespace has changed";
    if (running.flow_sync != wanted.flow_sync) return "flow_sync has changed";
    return {};
}

}  // namespace warren::config
