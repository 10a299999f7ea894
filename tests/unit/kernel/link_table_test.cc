// SPDX-License-Identifier: BSD-3-Clause
// The bookkeeping of links and addresses, without a kernel.
#include "kernel/link_table.h"

#include <gtest/gtest.h>

namespace warren::kernel {
namespace {

Link make_link(int index, const std::string& name, bool running = true) {
    Link link;
    link.index = index;
    link.name = name;
    link.up = true;
    link.running = running;
    return link;
}

AddressMessage add(int ifindex, const char* prefix) {
    AddressMessage message;
    message.ifindex = ifindex;
    message.address.prefix = *net::Prefix::parse(prefix);
    return message;
}

TEST(LinkTable, ReportsOnlyWhatChanged) {
    LinkTable table;
    table.apply(LinkMessage{false, make_link(1, "lo")});
    table.apply(LinkMessage{false, make_link(2, "eth0")});
    EXPECT_EQ(table.take_changes().size(), 2U);
    table.apply(LinkMessage{false, make_link(2, "eth0")});
    EXPECT_TRUE(table.take_changes().empty()) << "the same once more is no change";
    table.apply(LinkMessage{false, make_link(2, "eth0", false)});
    const auto changes = table.take_changes();
    ASSERT_EQ(changes.size(), 1U);
    EXPECT_EQ(changes[0].name, "eth0");
    EXPECT_FALSE(changes[0].running);
}

TEST(LinkTable, RemovedLinkIsReportedOnceAndDown) {
    LinkTable table;
    table.apply(LinkMessage{false, make_link(2, "eth0")});
    table.take_changes();
    table.apply(LinkMessage{true, make_link(2, "eth0")});
    const auto changes = table.take_changes();
    ASSERT_EQ(changes.size(), 1U);
    EXPECT_FALSE(changes[0].present);
    EXPECT_FALSE(changes[0].running);
    EXPECT_EQ(table.find("eth0"), nullptr);
    EXPECT_TRUE(table.take_changes().empty());
}

TEST(LinkTable, ARenamedLinkIsGoneByItsOldName) {
    LinkTable table;
    table.apply(LinkMessage{false, make_link(2, "eth0")});
    table.apply(add(2, "192.0.2.1/24"));
    table.take_changes();
    const auto expect_renamed = [&] {
        const auto changes = table.take_changes();
        ASSERT_EQ(changes.size(), 2U);
        EXPECT_EQ(changes[0].name, "eth0");
        EXPECT_FALSE(changes[0].present);
        EXPECT_EQ(changes[1].name, "lan0");
        EXPECT_TRUE(changes[1].present);
        EXPECT_TRUE(changes[1].ipv4()) << "it keeps its addresses";
    };
    LinkTable read_again = table;
    table.apply(LinkMessage{false, make_link(2, "lan0")});
    expect_renamed();
    table = read_again;
    read_again.apply(LinkMessage{false, make_link(2, "lan0")});
    read_again.take_changes();
    table.replace(read_again);
    expect_renamed();
}

TEST(LinkTable, PrimaryAddressIsTheFirstThatIsNotSecondary) {
    LinkTable table;
    table.apply(LinkMessage{false, make_link(2, "eth0")});
    AddressMessage secondary = add(2, "192.0.2.2/24");
    secondary.address.secondary = true;
    table.apply(secondary);
    EXPECT_FALSE(table.find(2)->ipv4());
    table.apply(add(2, "192.0.2.1/24"));
    table.apply(add(2, "198.51.100.1/24"));
    EXPECT_EQ(table.find(2)->ipv4()->to_string(), "192.0.2.1/24");
    AddressMessage gone = add(2, "192.0.2.1/24");
    gone.removed = true;
    table.apply(gone);
    EXPECT_EQ(table.find(2)->ipv4()->to_string(), "198.51.100.1/24");
}

TEST(LinkTable, LinkLocalCountsOnceDuplicateDetectionIsThrough) {
    LinkTable table;
    table.apply(LinkMessage{false, make_link(2, "eth0")});
    table.apply(add(2, "2001:db8::1/64"));
    AddressMessage local = add(2, "fe80::1/64");
    local.address.link_scope = true;
    local.address.usable = false;
    table.apply(local);
    EXPECT_FALSE(table.find(2)->ipv6_link_local());
    local.address.usable = true;
    table.apply(local);
    EXPECT_EQ(table.find(2)->ipv6_link_local()->to_string(), "fe80::1");
}

TEST(LinkTable, LinkMessageKeepsTheAddresses) {
    LinkTable table;
    table.apply(LinkMessage{false, make_link(2, "eth0")});
    table.apply(add(2, "192.0.2.1/24"));
    table.apply(LinkMessage{false, make_link(2, "eth0", false)});
    EXPECT_TRUE(table.find(2)->ipv4());
}

TEST(LinkTable, ReplaceReportsTheDifferenceAndEarlierChanges) {
    LinkTable table;
    for (int index = 1; index <= 4; ++index)
        table.apply(LinkMessage{false, make_link(index, "eth" + std::to_string(index))});
    table.take_changes();
    LinkTable fresh;
    fresh.apply(LinkMessage{false, make_link(1, "eth1")});
    fresh.apply(LinkMessage{false, make_link(2, "eth2", false)});
    fresh.apply(LinkMessage{false, make_link(5, "eth5")});
    table.apply(LinkMessage{false, make_link(4, "renamed")});  // not taken yet, and gone in `fresh`
    table.replace(std::move(fresh));
    std::string seen;
    for (const Link& link : table.take_changes())
        seen += link.name + (link.present ? "+" : "-") + " ";
    EXPECT_EQ(seen, "eth3- renamed- eth2+ eth5+ ");
    EXPECT_EQ(table.all().size(), 3U);
}

TEST(LinkTable, BoundsAreKept) {
    LinkTable table;
    for (std::size_t i = 0; i < LinkTable::max_links; ++i)
        ASSERT_TRUE(table.apply(LinkMessage{false, make_link(static_cast<int>(i) + 1, "x")}));
    EXPECT_FALSE(table.apply(LinkMessage{false, make_link(99'999, "y")}));
    for (std::size_t i = 0; i < LinkTable::max_addresses_per_link; ++i)
        ASSERT_TRUE(table.apply(add(
            1,
            ("10." + std::to_string(i / 256) + "." + std::to_string(i % 256) + ".1/24").c_str())));
    EXPECT_FALSE(table.apply(add(1, "10.200.0.1/24")));
    EXPECT_FALSE(table.apply(add(99'999, "10.1.0.1/24"))) << "of a link that did not fit";
}

}  // namespace
}  // namespace warren::kernel
