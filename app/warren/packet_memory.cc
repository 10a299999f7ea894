// SPDX-License-Identifier: BSD-3-Clause
#include "packet_memory.h"

#include <algorithm>
#include <bit>

namespace warren::app {
namespace {

// A card of our own has a kernel port beside it, which has as many queues.
unsigned device_count(const config::Config& config) {
    unsigned devices = 0;
    for (const std::string& name : config::port_names(config))
        devices += device_of(config, name).empty() ? 1 : 2;
    return devices;
}

}  // namespace

const std::string& device_of(const config::Config& config, const std::string& interface) {
    static const std::string none;
    const auto* found = config.dataplane.find_interface(interface);
    return found != nullptr ? found->device : none;
}

unsigned mbuf_count(const config::Config& config) {
    constexpr unsigned descriptors = 1024;
    constexpr unsigned rings_of_a_worker = 1024 + 4 * 128;  // punt, control tx, bursts, cache
    const unsigned workers = config.dataplane.workers;
    const unsigned queues = device_count(config) * (workers + 1) * 2 * descriptors;
    const unsigned rings = workers * rings_of_a_worker + workers * workers * 512;
    return std::max(16'383U, std::bit_ceil(queues + rings) - 1);
}

unsigned large_mbuf_count(const config::Config& config) {
    constexpr unsigned of_a_worker = 256;
    return config.dataplane.workers * of_a_worker;
}

}  // namespace warren::app
