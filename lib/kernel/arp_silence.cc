// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/arp_silence.h"

#include <algorithm>
#include <iterator>

#include "kernel/guard.h"

namespace warren::kernel {

ArpSilence::ArpSilence(const std::string& instance) : instance_(instance) {}

ArpSilence::~ArpSilence() {
    follow({});
}

std::string ArpSilence::rules(bool owned) const {
    GuardTable table = guard_tables(instance_, {.silent = silent_}).front();
    table.is_owned = owned;
    return remade(table);
}

std::string ArpSilence::follow(const std::vector<net::IpAddress>& addresses) {
    std::vector<net::IpAddress> v4;
    std::copy_if(addresses.begin(), addresses.end(), std::back_inserter(v4),
                 [](const net::IpAddress& address) { return address.is_v4(); });
    std::sort(v4.begin(), v4.end());
    v4.erase(std::unique(v4.begin(), v4.end()), v4.end());
    if (v4 == silent_) return {};
    const bool first = silent_.empty();
    silent_ = std::move(v4);
    std::string error = nft_.run(rules(owned_));
    if (!error.empty() && owned_ && first) {
        owned_ = false;  // a kernel before 5.12
        error = nft_.run(rules(owned_));
    }
    return error;
}

}  // namespace warren::kernel
