// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/arp_silence.h"

#include <algorithm>
#include <iterator>

namespace warren::kernel {

ArpSilence::ArpSilence(const std::string& instance)
    : table_("table arp " + instance_table_name(instance)) {}

ArpSilence::~ArpSilence() {
    follow({});
}

std::string ArpSilence::rules(bool owned) const {
    const std::string flags = owned ? "  flags owner;\n" : "";
    std::string text = "add " + table_ + " {\n" + flags + "}\ndelete " + table_ + "\n";
    if (silent_.empty()) return text;
    std::string list;
    for (const net::IpAddress& address : silent_)
        list += (list.empty() ? "" : ", ") + address.to_string();
    return text + table_ + " {\n" + flags +
           "  chain input {\n    type filter hook input priority 0; policy accept;\n"
           "    arp operation request arp daddr ip { " +
           list + " } counter drop\n  }\n}\n";
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
