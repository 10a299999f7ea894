// SPDX-License-Identifier: BSD-3-Clause
// rtnetlink datagrams of any bytes: what can be read of them keeps the promises of link_table.h,
// whose table never holds more than it says.
#include <libmnl/libmnl.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <variant>
#include <vector>

#include "kernel/link_table.h"
#include "kernel/netlink_socket.h"

namespace {

using namespace warren;

void require(bool holds) {
    if (!holds) std::abort();
}

void check(const net::IpAddress& address, unsigned length) {
    require(length <= (address.is_v4() ? 32U : 128U));
}

struct Reader {
    kernel::LinkTable& table;

    void operator()(std::monostate) const {}
    void operator()(const kernel::RouteMessage&) const {}
    void operator()(const kernel::NeighbourMessage&) const {}
    void operator()(const kernel::LinkMessage& message) const {
        require(message.link.addresses.empty());
        if (!table.apply(message)) return;
        require((table.find(message.link.index) == nullptr) == message.removed);
    }
    void operator()(const kernel::AddressMessage& message) const {
        check(message.address.prefix.address, message.address.prefix.length);
        table.apply(message);
    }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // Aligned as recvmsg() leaves it, and of exactly this size.
    std::vector<std::uint32_t> words((size + 3) / 4);
    if (size != 0) std::memcpy(words.data(), data, size);
    kernel::LinkTable table;
    auto rest = static_cast<int>(size);
    const auto* header = reinterpret_cast<const nlmsghdr*>(words.data());
    // libmnl takes a length above 2^31 for a negative one.
    const auto is_whole = [&] {
        return mnl_nlmsg_ok(header, rest) && header->nlmsg_len <= static_cast<unsigned>(rest);
    };
    for (; is_whole(); header = mnl_nlmsg_next(header, &rest))
        std::visit(Reader{table}, kernel::parse_kernel_message(*header));
    for (const kernel::Link& link : table.all())
        require(link.addresses.size() <= kernel::LinkTable::max_addresses_per_link);
    return 0;
}
