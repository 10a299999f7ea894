// SPDX-License-Identifier: BSD-3-Clause
// The advert codec against golden bytes and, row by row, the receive checks of RFC 3768 7.1, RFC
// 9568 7.1 (with errata 8299-8301) and RFC 2338 5.3.6. Messages are hexadecimal; VRID 51, priority
// 100, VIP 192.0.2.100.
#include "vrrp/advert.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "net/checksum.h"

namespace warren::vrrp {
namespace advert_test {

using net::IpAddress;
using Message = std::vector<std::uint8_t>;

constexpr char v2_none[] = "21336401 0001b865 c0000264 00000000 00000000";
constexpr char v2_pass_1111[] = "21336401 01015503 c0000264 31313131 00000000";
constexpr char v3_message_only[] = "31336401 000aa85c c0000264";
constexpr char v3_pseudo_header[] = "31336401 000a05cb c0000264";  // from 192.0.2.2
// From fe80::c067:47ff:fe35:e786 (keepalived 2.2.7, `version 2` with VIP fd00:8::100).
constexpr char v2_over_ipv6[] = "21426401 00019070 fd000008 00000000 00000000 00000100";

const IpAddress peer = IpAddress::v4(192, 0, 2, 2);
const IpAddress self = IpAddress::v4(192, 0, 2, 1);
const IpAddress vip = IpAddress::v4(192, 0, 2, 100);
const IpAddress peer6 = *IpAddress::parse("fe80::2");

Message bytes(std::string_view hex) {
    Message out;
    std::string digits;
    for (const char c : hex)
        if (c != ' ') digits += c;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
        out.push_back(static_cast<std::uint8_t>(std::stoi(digits.substr(i, 2), nullptr, 16)));
    return out;
}

Settings v2_settings() {
    Settings s;
    s.vrid = 51;
    s.primary_address = self;
    s.advert_addresses = {vip};
    return s;
}

Settings pass_settings(std::string_view password) {
    Settings s = v2_settings();
    s.auth_type = AuthType::pass;
    for (std::size_t i = 0; i < std::min<std::size_t>(8, password.size()); ++i)
        s.auth_data[i] = static_cast<std::uint8_t>(password[i]);
    return s;
}

Settings v3_settings() {
    Settings s = v2_settings();
    s.version = Version::v3;
    s.advert_interval_ns = 10 * ns_per_cs;
    return s;
}

Settings v6_settings() {
    Settings s = v3_settings();
    s.multicast_group = multicast_group_v6;
    s.primary_address = *IpAddress::parse("fe80::1");
    s.advert_addresses = {*IpAddress::parse("fe80::100"), *IpAddress::parse("2001:db8::100")};
    return s;
}

Settings v2_over_ipv6_settings() {
    Settings s;
    s.vrid = 66;
    s.multicast_group = multicast_group_v6;
    s.primary_address = *IpAddress::parse("fe80::1");
    s.advert_addresses = {*IpAddress::parse("fd00:8::100")};
    return s;
}

Datagram from_peer(const Message& message) {
    return {message, 255, peer, multicast_group_v4};
}

// Puts the right sum (message only) over a message that was tampered with.
Message resummed(Message message) {
    message[6] = message[7] = 0;
    net::store(net::Bytes(message), 6, net::internet_checksum(message));
    return message;
}

std::string outcome(const Decoded& decoded) {
    if (const auto* reason = std::get_if<RejectReason>(&decoded)) return std::string(name(*reason));
    return "accepted";
}

Message encoded(const Settings& s, std::uint8_t priority, const IpAddress& source,
                const IpAddress& destination) {
    Message out(max_message_bytes);
    out.resize(encode(s, priority, source, destination, out));
    return out;
}

TEST(AdvertEncode, GoldenMessages) {
    EXPECT_EQ(encoded(v2_settings(), 100, peer, multicast_group_v4), bytes(v2_none));
    EXPECT_EQ(encoded(pass_settings("1111"), 100, peer, multicast_group_v4), bytes(v2_pass_1111));
    EXPECT_EQ(encoded(v3_settings(), 100, peer, multicast_group_v4), bytes(v3_pseudo_header));
    Settings s = v3_settings();
    s.checksum_form = ChecksumForm::message_only;
    EXPECT_EQ(encoded(s, 100, peer, multicast_group_v4), bytes(v3_message_only));
}

// T1, T4: what RFC 3768 5.3 and RFC 9568 5.2 say of each field we send.
TEST(AdvertEncode, EveryFieldAsTheRfcsSay) {
    const std::vector<Settings> all = {v2_settings(), pass_settings("1111"), v3_settings(),
                                       v6_settings()};
    for (const Settings& s : all) {
        const Message m = encoded(s, 100, s.is_ipv6() ? peer6 : peer, s.multicast_group);
        const bool v2 = s.version == Version::v2;
        EXPECT_EQ(m[0], v2 ? 0x21 : 0x31) << "version, type ADVERTISEMENT";
        EXPECT_EQ(m[3], s.advert_addresses.size()) << "Count IPvX Addr";
        EXPECT_TRUE(v2 || (m[4] & 0xf0) == 0) << "T4: reserved bits MUST be set to zero";
        const std::size_t listed = s.advert_addresses.size() * (s.is_ipv6() ? 16 : 4);
        ASSERT_EQ(m.size(), 8 + listed + (v2 ? 8 : 0)) << "T4: v2 has 8 bytes of authentication";
        for (std::size_t i = 8 + listed; i < m.size(); ++i)
            EXPECT_TRUE(s.auth_type == AuthType::pass || m[i] == 0) << "T4: RFC 3768 5.3.10";
        EXPECT_TRUE(!s.is_ipv6() || m[8] == 0xfe) << "T7: the first address is link-local";
        EXPECT_EQ(s.ttl(), 255) << "T1: TTL / hop limit";
    }
}

// RFC 3768 5.3.7: seconds in 8 bits; RFC 9568 5.2.7: centiseconds in 12 bits, so 40.95 s.
TEST(AdvertEncode, IntervalsOfBothVersions) {
    Settings s = v2_settings();
    s.advert_interval_ns = 255 * ns_per_s;
    EXPECT_EQ(encoded(s, 100, peer, multicast_group_v4)[5], 255);
    s = v3_settings();
    s.advert_interval_ns = 4'095 * ns_per_cs;
    const Message m = encoded(s, 100, peer, multicast_group_v4);
    EXPECT_EQ(m[4], 0x0f);
    EXPECT_EQ(m[5], 0xff);
    const Decoded d = decode(from_peer(m), s);
    EXPECT_EQ(std::get<Advert>(d).advert_interval_ns, 40'950 * ns_per_ms);
}

TEST(AdvertEncode, UnicastHasItsOwnTtl) {
    Settings s = v2_settings();
    s.unicast_ttl = 64;
    EXPECT_EQ(s.ttl(), 255) << "multicast never leaves the link";
    s.unicast_peers = {{peer}};
    EXPECT_EQ(s.ttl(), 64);
}

// RFC 3768 6.4.3: good-bye is priority 0; 5.3.4 leaves everything else as it is.
TEST(AdvertEncode, PriorityZeroDiffersInPriorityAndSumOnly) {
    const Message m = encoded(v2_settings(), 0, peer, multicast_group_v4);
    Message expected = bytes(v2_none);
    expected[2] = 0;
    EXPECT_EQ(m, resummed(expected));
}

TEST(AdvertEncode, RefusesAnOutputThatIsTooSmall) {
    Message small(encoded_size(v2_settings()) - 1);
    EXPECT_EQ(encode(v2_settings(), 100, peer, multicast_group_v4, small), 0U);
}

TEST(AdvertEncode, FullListOf255AddressesFillsTheLargestMessage) {
    Settings s = v6_settings();
    s.advert_addresses.assign(max_addresses, *IpAddress::parse("fe80::100"));
    EXPECT_EQ(encoded_size(s), max_message_bytes);
    const Message m = encoded(s, 100, peer6, multicast_group_v6);
    EXPECT_EQ(outcome(decode({m, 255, peer6, multicast_group_v6}, s)), "accepted");
}

// keepalived refuses adverts of another number of addresses than its own.
TEST(AdvertEncode, AnInterfaceCarriesAsManyAddressesAsKeepalivedCounts) {
    EXPECT_EQ(most_addresses(v2_settings(), 1500), max_addresses);
    EXPECT_EQ(most_addresses(v6_settings(), 1500), 89U);
    EXPECT_EQ(most_addresses(v2_settings(), 576), 131U);
    Settings ah = v2_settings();
    ah.auth_type = AuthType::ah;
    EXPECT_EQ(most_addresses(ah, 576), 125U);
    EXPECT_EQ(most_addresses(v6_settings(), 60), 0U);
}

TEST(AdvertDecode, ReadsEveryField) {
    const Message m = bytes(v2_pass_1111);
    const Decoded d = decode(from_peer(m), pass_settings("1111"));
    const auto* a = std::get_if<Advert>(&d);
    ASSERT_NE(a, nullptr) << outcome(d);
    EXPECT_EQ(a->version, Version::v2);
    EXPECT_EQ(a->vrid, 51);
    EXPECT_EQ(a->priority, 100);
    EXPECT_EQ(a->advert_interval_ns, ns_per_s);
    EXPECT_EQ(a->auth_type, AuthType::pass);
    ASSERT_EQ(a->addresses.size(), 1U);
    EXPECT_EQ(a->addresses[0], vip);
    EXPECT_FALSE(a->addresses_differ);
}

struct Row {
    const char* what;
    Settings settings;
    Message message;
    const char* expected;
    std::uint8_t ttl = 255;
    IpAddress source = peer;
    IpAddress destination = multicast_group_v4;
};

Message with(std::string_view hex, std::size_t at, std::uint8_t value) {
    Message m = bytes(hex);
    m[at] = value;
    return resummed(m);
}

Message cut(std::string_view hex, std::size_t size) {
    Message m = bytes(hex);
    m.resize(size);
    return m;
}

void expect_rows(const std::vector<Row>& rows) {
    for (const Row& row : rows)
        EXPECT_EQ(
            outcome(decode({row.message, row.ttl, row.source, row.destination}, row.settings)),
            row.expected)
            << row.what;
}

TEST(AdvertDecode, Version2Checks) {
    const Settings none = v2_settings();
    const Settings pass = pass_settings("1111");
    Message wrong_sum = bytes(v2_none);
    wrong_sum[7] ^= 1;
    Message longer = bytes(v2_none);
    longer.push_back(0);
    expect_rows({
        {"a good one", none, bytes(v2_none), "accepted"},
        {"R1: MUST verify that the IP TTL is 255", none, bytes(v2_none), "ttl", 254},
        {"R3: MUST verify the VRRP version: 3", none, bytes(v3_message_only), "version"},
        {"R3: version 1", none, with(v2_none, 0, 0x11), "version"},
        {"R3: version 4", none, with(v2_none, 0, 0x41), "version"},
        {"R4: type 2 (5.3.2: unknown type MUST be discarded)", none, with(v2_none, 0, 0x22),
         "type"},
        {"R4: type 0", none, with(v2_none, 0, 0x20), "type"},
        {"R5: complete VRRP packet: 7 bytes", none, cut(v2_none, 7), "length"},
        {"R5: nothing", none, {}, "length"},
        {"R5: count 3, one address", none, with(v2_none, 3, 3), "length"},
        {"R5: without the 8 authentication bytes", none, cut(v2_none, 12), "length"},
        {"R5: one byte missing", none, cut(v2_none, 19), "length"},
        {"trailing bytes within the IP length", none, longer, "accepted"},
        {"R7: MUST verify the checksum", none, wrong_sum, "checksum"},
        {"R9: MUST verify that the VRID is configured", none, with(v2_none, 1, 52), "vrid"},
        {"R13: MUST verify that Adver Interval is ours", none, with(v2_none, 5, 2), "interval"},
        {"R16: type 0 when PASS is set", pass, bytes(v2_none), "auth_type"},
        {"R16: type 1 when none is set", none, bytes(v2_pass_1111), "auth_type"},
        {"R16: type 3", none, with(v2_none, 4, 3), "auth_type"},
        {"R17: the right password", pass, bytes(v2_pass_1111), "accepted"},
        {"R17: the wrong one", pass_settings("1112"), bytes(v2_pass_1111), "auth_data"},
        {"R17: a longer one", pass_settings("11111"), bytes(v2_pass_1111), "auth_data"},
        {"none: data is ignored (RFC 3768 5.3.10)", none, with(v2_none, 12, 7), "accepted"},
        {"R23: unicast to a multicast instance", none, bytes(v2_none), "destination", 255, peer,
         self},
        {"R23: to another group, where other routers live", none, bytes(v2_none), "destination",
         255, peer, IpAddress::v4(224, 0, 0, 19)},
        {"R25: our own, looped back", none, bytes(v2_none), "own_advert", 255, self},
        {"R25: whatever its priority", none, with(v2_none, 2, 255), "own_advert", 255, self},
        {"priority 0 is valid", none, with(v2_none, 2, 0), "accepted"},
    });
}

TEST(AdvertDecode, PasswordCountsItsFirstEightBytes) {
    const Message m = encoded(pass_settings("12345678ab"), 100, peer, multicast_group_v4);
    EXPECT_EQ(outcome(decode(from_peer(m), pass_settings("12345678xy"))), "accepted");
    EXPECT_EQ(outcome(decode(from_peer(m), pass_settings("1234567"))), "auth_data");
}

TEST(AdvertDecode, Version3Checks) {
    const Settings s = v3_settings();
    Message wrong_sum = bytes(v3_pseudo_header);
    wrong_sum[7] ^= 1;
    expect_rows({
        {"R8: sum over the pseudo-header", s, bytes(v3_pseudo_header), "accepted"},
        {"R8: sum over the message only", s, bytes(v3_message_only), "accepted"},
        {"R8: pseudo-header of another source", s, bytes(v3_pseudo_header), "checksum", 255,
         IpAddress::v4(192, 0, 2, 3)},
        {"R7: neither", s, wrong_sum, "checksum"},
        {"R3: version 2", s, bytes(v2_none), "version"},
        {"R10: count 0 (erratum 8299)", s, resummed(cut("31336400 000a0000", 8)), "address_count"},
        {"R11: interval 0 (erratum 8301)", s, with(v3_message_only, 5, 0), "interval"},
        {"R14: another interval", s, with(v3_message_only, 5, 20), "accepted"},
        {"R22: reserved bits are ignored", s, with(v3_message_only, 4, 0xf0), "accepted"},
        {"R1: TTL 254", s, bytes(v3_message_only), "ttl", 254},
    });
}

TEST(AdvertDecode, Version3TellsFormAndInterval) {
    const Message m = with(v3_message_only, 5, 20);
    const Decoded d = decode(from_peer(m), v3_settings());
    const auto& a = std::get<Advert>(d);
    EXPECT_TRUE(a.interval_differs);
    EXPECT_EQ(a.advert_interval_ns, 20 * ns_per_cs);
    EXPECT_EQ(a.checksum_form, ChecksumForm::message_only);
    const Message p = bytes(v3_pseudo_header);
    const Decoded with_pseudo = decode(from_peer(p), v3_settings());
    EXPECT_EQ(std::get<Advert>(with_pseudo).checksum_form, ChecksumForm::pseudo_header);
}

TEST(AdvertDecode, Ipv6Checks) {
    const Settings s = v6_settings();
    const Message good = encoded(s, 100, peer6, multicast_group_v6);
    Settings global_first = s;
    std::swap(global_first.advert_addresses[0], global_first.advert_addresses[1]);
    const Message no_link_local = encoded(global_first, 100, peer6, multicast_group_v6);
    Settings other = s;
    other.vrid = 52;
    const Message other_vrid = encoded(other, 100, peer6, multicast_group_v6);
    const Message to_us = encoded(s, 100, peer6, s.primary_address);
    expect_rows({
        {"a good one", s, good, "accepted", 255, peer6, multicast_group_v6},
        {"R2: hop limit 254", s, good, "ttl", 254, peer6, multicast_group_v6},
        {"R8: message-only sum", s, resummed(good), "checksum", 255, peer6, multicast_group_v6},
        {"R12: first address not link-local (erratum 8300)", s, no_link_local, "address_list", 255,
         peer6, multicast_group_v6},
        {"R12: ours begins with a global one too, as keepalived's may", global_first, no_link_local,
         "accepted", 255, peer6, multicast_group_v6},
        {"R12: theirs is right, ours is not", global_first, good, "accepted", 255, peer6,
         multicast_group_v6},
        {"R9: another VRID", s, other_vrid, "vrid", 255, peer6, multicast_group_v6},
        {"R23: IPv6 unicast to a multicast instance", s, to_us, "destination", 255, peer6,
         s.primary_address},
        {"R25: our own", s, encoded(s, 100, s.primary_address, multicast_group_v6), "own_advert",
         255, s.primary_address, multicast_group_v6},
    });
}

TEST(AdvertCodec, Version2OverIpv6IsAsKeepalivedSendsIt) {
    const Settings s = v2_over_ipv6_settings();
    const IpAddress keepalived = *IpAddress::parse("fe80::c067:47ff:fe35:e786");
    const Message golden = bytes(v2_over_ipv6);
    EXPECT_EQ(encoded(s, 100, keepalived, multicast_group_v6), golden);
    expect_rows({
        {"theirs", s, golden, "accepted", 255, keepalived, multicast_group_v6},
        {"another sender's sum", s, golden, "checksum", 255, peer6, multicast_group_v6},
        {"without the address",
         s,
         {golden.begin(), golden.end() - 1},
         "length",
         255,
         keepalived,
         multicast_group_v6},
    });
}

// R15: the list may differ (RFC 3768 7.1 MAY); accepted and flagged.
TEST(AdvertDecode, AddressListIsComparedAsASet) {
    const IpAddress a = IpAddress::v4(192, 0, 2, 100), b = IpAddress::v4(192, 0, 2, 101);
    const IpAddress c = IpAddress::v4(192, 0, 2, 102);
    struct {
        std::vector<IpAddress> theirs, ours;
        bool differ;
    } const rows[] = {{{a, b}, {a, b}, false}, {{b, a}, {a, b}, false}, {{a}, {a, b}, true},
                      {{a, a}, {a, b}, true},  {{a, c}, {a, b}, true},  {{}, {a}, true}};
    for (const auto& row : rows) {
        Settings theirs = v2_settings(), ours = v2_settings();
        theirs.advert_addresses = row.theirs;
        ours.advert_addresses = row.ours;
        const Message m = encoded(theirs, 100, peer, multicast_group_v4);
        const Decoded d = decode(from_peer(m), ours);
        ASSERT_EQ(outcome(d), "accepted");
        EXPECT_EQ(std::get<Advert>(d).addresses_differ, row.differ);
        ours.skip_check_addresses = true;
        EXPECT_FALSE(std::get<Advert>(decode(from_peer(m), ours)).addresses_differ);
    }
}

// keepalived: unicast has no TTL rule of its own, peers may have limits, strangers pass unless
// checked (R23, R24).
TEST(AdvertDecode, UnicastPath) {
    Settings s = v2_settings();
    s.unicast_peers = {{peer, 250, 254}};
    Settings checked = s;
    checked.check_unicast_source = true;
    const IpAddress stranger = IpAddress::v4(192, 0, 2, 9);
    expect_rows({
        {"within the limits", s, bytes(v2_none), "accepted", 250, peer, self},
        {"below min_ttl", s, bytes(v2_none), "ttl", 249, peer, self},
        {"above max_ttl", s, bytes(v2_none), "ttl", 255, peer, self},
        {"R24: a stranger, unchecked", s, bytes(v2_none), "accepted", 1, stranger, self},
        {"R24: a stranger, checked", checked, bytes(v2_none), "unicast_source", 255, stranger,
         self},
        {"R23: multicast to a unicast instance", s, bytes(v2_none), "destination", 254, peer},
    });
}

// R21: RFC 3768 7.1 has an owner drop adverts; keepalived does so with owner_ignore_adverts only.
TEST(AdvertDecode, OwnerDropsAdvertsOnlyWhenTold) {
    Settings s = v2_settings();
    s.priority = owner_priority;
    expect_rows({{"election", s, bytes(v2_none), "accepted"}});
    s.owner_ignore_adverts = true;
    expect_rows({{"R21", s, bytes(v2_none), "owner"}});
}

TEST(AdvertDecode, PeekFindsTheVirtualRouter) {
    EXPECT_EQ(peek_vrid(bytes(v2_none)), std::optional<std::uint8_t>(51));
    EXPECT_EQ(peek_vrid(cut(v2_none, 2)), std::optional<std::uint8_t>(51))
        << "its router counts it";
    EXPECT_EQ(peek_vrid(cut(v2_none, 1)), std::nullopt);
}

// Whatever one encodes the other decodes, for each version and family.
TEST(AdvertCodec, RoundTrip) {
    for (const Settings& base : {v2_settings(), pass_settings("1111"), v3_settings(), v6_settings(),
                                 v2_over_ipv6_settings()}) {
        for (const int priority : {0, 1, 100, 254, 255}) {
            const bool ipv6 = base.is_ipv6();
            const IpAddress source = ipv6 ? peer6 : peer;
            const IpAddress group = base.multicast_group;
            const Message m = encoded(base, static_cast<std::uint8_t>(priority), source, group);
            const Decoded d = decode({m, 255, source, group}, base);
            const auto* a = std::get_if<Advert>(&d);
            ASSERT_NE(a, nullptr) << outcome(d);
            EXPECT_EQ(a->priority, priority);
            EXPECT_EQ(a->advert_interval_ns, base.advert_interval_ns);
            EXPECT_FALSE(a->addresses_differ);
            for (std::size_t size = 0; size < m.size(); ++size)
                EXPECT_EQ(
                    outcome(decode({net::ConstBytes(m).first(size), 255, source, group}, base)),
                    "length");
        }
    }
}

}  // namespace advert_test
}  // namespace warren::vrrp
