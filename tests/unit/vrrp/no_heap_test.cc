// SPDX-License-Identifier: BSD-3-Clause
// decode(), encode() and step() run on the control lcore and never allocate. This program's
// operator new counts.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "vrrp/instance.h"

namespace {
std::size_t& allocations() {
    static std::size_t count = 0;
    return count;
}
}  // namespace

void* operator new(std::size_t size) {
    ++allocations();
    if (void* p = std::malloc(size)) return p;
    throw std::bad_alloc();
}
void operator delete(void* p) noexcept {
    std::free(p);
}
void operator delete(void* p, std::size_t) noexcept {
    std::free(p);
}

namespace warren::vrrp {
namespace no_heap_test {

TEST(NoHeap, WholeLifeOfAVirtualRouterAllocatesNothing) {
    Settings s;
    s.vrid = 51;
    s.primary_address = net::IpAddress::v4(192, 0, 2, 5);
    s.advert_addresses.assign(max_addresses, net::IpAddress::v4(192, 0, 2, 100));
    const net::IpAddress peer = net::IpAddress::v4(192, 0, 2, 2);
    std::array<std::uint8_t, max_message_bytes> wire;
    std::uint64_t now_ns = ns_per_s;

    const std::size_t before = allocations();
    Instance instance(s);
    instance.step(Startup{}, now_ns);
    for (int i = 0; i < 1000; ++i) {
        now_ns = std::max(now_ns, instance.deadline_ns());
        instance.step(Tick{now_ns}, now_ns);
        const auto priority = static_cast<std::uint8_t>(i % 3 * 100);  // 0, 100, 200
        const std::size_t size = encode(s, priority, peer, multicast_group_v4, wire);
        const Decoded decoded =
            decode({net::ConstBytes(wire).first(size), 255, peer, multicast_group_v4}, s);
        instance.step(AdvertReceived{std::get<Advert>(decoded), peer}, now_ns);
        instance.step(AddressConflict{s.advert_addresses[0], {}}, now_ns);
    }
    instance.step(FaultChange{FaultCause::link_down, true}, now_ns);
    instance.step(Shutdown{}, now_ns);
    EXPECT_EQ(allocations(), before);
    EXPECT_GT(instance.status().counters.became_master, 0U);
}

}  // namespace no_heap_test
}  // namespace warren::vrrp
