// SPDX-License-Identifier: BSD-3-Clause
// AH for VRRPv2: RFC 2338 5.3.6.3, RFC 2402 3.3 and 3.4, RFC 2403. The golden packets are computed
// by another implementation (Python's hmac) for key "1111"; keepalived's is the one that covers the
// TTL.
#include "vrrp/ah.h"

#include <gtest/gtest.h>
#include <openssl/hmac.h>

#include <string>
#include <vector>

#include "net/checksum.h"
#include "net/headers.h"

namespace warren::vrrp {
namespace ah_test {

using net::IpAddress;
using Packet = std::vector<std::uint8_t>;

constexpr char multicast_ip[] = "45c00040 12340000 ff330682 c0000202 e0000012";
constexpr char unicast_ip[] = "45c00040 12340000 ff332493 c0000202 c0000201";
constexpr char ah_7[] = "70040000 c0000202 00000007";
constexpr char icv_covered[] = "6f138b7c bcb5abfe 8188acd1";
constexpr char icv_zero[] = "6026571f a4018e49 596f290a";
constexpr char icv_unicast[] = "a7cb9fb7 881e924a 92abc0cb";
constexpr char message[] = "21336401 0201b665 c0000264 00000000 00000000";

const IpAddress peer = IpAddress::v4(192, 0, 2, 2);
const IpAddress self = IpAddress::v4(192, 0, 2, 1);

class OpenSsl : public HmacMd5_96 {
  public:
    Icv operator()(net::ConstBytes key, net::ConstBytes text) override {
        std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
        unsigned size = 0;
        HMAC(EVP_md5(), key.data(), static_cast<int>(key.size()), text.data(), text.size(),
             digest.data(), &size);
        Icv icv;
        std::copy_n(digest.begin(), icv.size(), icv.begin());
        return icv;
    }
};

Packet bytes(const std::vector<std::string>& parts) {
    std::string digits;
    for (const std::string& part : parts)
        for (const char c : part)
            if (c != ' ') digits += c;
    Packet out;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
        out.push_back(static_cast<std::uint8_t>(std::stoi(digits.substr(i, 2), nullptr, 16)));
    return out;
}

const Packet covered = bytes({multicast_ip, ah_7, icv_covered, message});
const Packet zeroed = bytes({multicast_ip, ah_7, icv_zero, message});
const Packet unicast = bytes({unicast_ip, ah_7, icv_unicast, message});

Settings ah_settings(const IpAddress& own = self) {
    Settings s;
    s.vrid = 51;
    s.primary_address = own;
    s.advert_addresses = {IpAddress::v4(192, 0, 2, 100)};
    s.auth_type = AuthType::ah;
    s.auth_data = {'1', '1', '1', '1'};
    return s;
}

Settings unicast_settings(const IpAddress& own = self) {
    Settings s = ah_settings(own);
    s.unicast_peers = {{own == self ? peer : self}};
    return s;
}

std::string outcome(const Packet& packet, const Settings& settings, std::uint32_t last = 0) {
    OpenSsl hmac;
    AhSequence sequence;
    EXPECT_EQ(sequence.accept(peer.as_v4(), last), last != 0);
    const Decoded decoded = decode_ah(packet, settings, sequence, hmac);
    if (const auto* reason = std::get_if<RejectReason>(&decoded)) {
        EXPECT_EQ(sequence.last(), last) << "a refused advert moved the sequence number";
        return std::string(name(*reason));
    }
    EXPECT_GT(sequence.last(), last);
    return "accepted";
}

// The golden packet with one byte changed; the IPv4 header's own sum is not looked at here.
Packet with(Packet packet, std::size_t at, std::uint8_t value) {
    packet[at] = value;
    return packet;
}

TEST(AhDecode, BothFormsOfTheTtlAreGood) {
    EXPECT_EQ(outcome(covered, ah_settings()), "accepted");
    EXPECT_EQ(outcome(zeroed, ah_settings()), "accepted");
    EXPECT_EQ(outcome(unicast, unicast_settings()), "accepted");
}

TEST(AhDecode, GivesTheAdvert) {
    OpenSsl hmac;
    AhSequence sequence{6};
    const Decoded decoded = decode_ah(covered, ah_settings(), sequence, hmac);
    ASSERT_TRUE(std::holds_alternative<Advert>(decoded));
    EXPECT_EQ(std::get<Advert>(decoded).priority, 100);
    EXPECT_EQ(std::get<Advert>(decoded).auth_type, AuthType::ah);
    EXPECT_EQ(sequence.last(), 7U);
}

TEST(AhDecode, Checks) {
    struct Row {
        const char* what;
        Packet packet;
        const char* expected;
        std::uint32_t last = 0;
    };
    Packet bad_inside = bytes({multicast_ip, ah_7, icv_covered, message});
    bad_inside.back() = 1;
    const Row rows[] = {
        // RFC 2402 3.3.3.1.1.1: mutable but predictable fields count as zero.
        {"TOS changed on the way", with(covered, 1, 0), "accepted"},
        {"flags changed", with(covered, 6, 0x40), "accepted"},
        // Immutable ones are covered (RFC 2402 3.3.3.1.1).
        {"R18: identification altered", with(covered, 4, 0x13), "ah_icv"},
        {"R18: ICV altered", with(covered, 32, 0), "ah_icv"},
        {"R18: sequence altered", with(covered, 31, 8), "ah_icv"},
        {"R18: reserved altered", with(covered, 22, 1), "ah_icv"},
        {"R18: message altered", bad_inside, "checksum"},
        {"R18: next header not VRRP", with(covered, 20, 6), "ah_format"},
        {"R18: length of another method", with(covered, 21, 5), "ah_format"},
        {"R1: TTL 254, although the ICV would do without", with(zeroed, 8, 254), "ttl"},
        {"R19: the same number again", covered, "ah_replay", 7},
        {"R19: an older one", covered, "ah_replay", 0xffff'ffff},
        {"R19: the next one", covered, "accepted", 6},
        {"R5: cut within the authentication header", Packet(covered.begin(), covered.begin() + 43),
         "ah_format"},
        {"R5: cut within the message", Packet(covered.begin(), covered.begin() + 50), "length"},
        {"no packet at all", {}, "ah_format"},
        {"an IPv4 header longer than the packet", with(covered, 0, 0x4f), "ah_format"},
        {"an IPv4 header too short", with(covered, 0, 0x44), "ah_format"},
        {"longer than any advert", Packet(1500, 0x45), "ah_format"},
    };
    for (const Row& row : rows)
        EXPECT_EQ(outcome(row.packet, ah_settings(), row.last), row.expected) << row.what;
}

TEST(AhDecode, WrongKeyIsRefused) {  // R18
    Settings s = ah_settings();
    s.auth_data[0] = '2';
    EXPECT_EQ(outcome(covered, s), "ah_icv");
}

TEST(AhDecode, SpiIsTheSourceAddress) {
    OpenSsl hmac;
    Packet packet = covered;
    packet[27] = 9;  // the SPI's last byte
    // Right but for the SPI: signed with the same key.
    std::fill_n(packet.begin() + 32, 12, std::uint8_t{0});
    Packet text = packet;
    text[1] = text[10] = text[11] = 0;
    const Icv icv = hmac(ah_settings().auth_data, text);
    std::copy(icv.begin(), icv.end(), packet.begin() + 32);
    EXPECT_EQ(outcome(packet, ah_settings()), "ah_spi");
}

TEST(AhDecode, PlainAndAuthenticatedDoNotMix) {  // R20
    Settings none = ah_settings();
    none.auth_type = AuthType::none;
    Settings pass = ah_settings();
    pass.auth_type = AuthType::pass;
    EXPECT_EQ(outcome(covered, none), "ah_unexpected");
    EXPECT_EQ(outcome(covered, pass), "ah_unexpected");

    // Without the header, whatever the message says about its authentication.
    for (const std::uint8_t type : {0, 1, 2}) {
        Packet plain = bytes({message});
        plain[4] = type;
        plain[6] = plain[7] = 0;
        net::store(net::Bytes(plain), 6, net::internet_checksum(plain));
        const Decoded decoded = decode({plain, 255, peer, multicast_group_v4}, ah_settings());
        ASSERT_TRUE(std::holds_alternative<RejectReason>(decoded));
        EXPECT_EQ(name(std::get<RejectReason>(decoded)), "ah_missing");
    }
}

// ---- what we send

// The frame's IPv4 packet as the engine builds it, before seal_ah().
Packet unsealed(const char* ip) {
    return bytes({ip, std::string(2 * ah_bytes, '0'), message});
}

TEST(AhSeal, GoldenPackets) {  // T8
    OpenSsl hmac;
    AhSequence sequence{6};
    Packet packet = unsealed(multicast_ip);
    ASSERT_TRUE(seal_ah(packet, ah_settings(peer), sequence, hmac));
    EXPECT_EQ(packet, covered);
    EXPECT_EQ(sequence.last(), 7U);

    sequence = AhSequence{6};
    Settings rfc = ah_settings(peer);
    rfc.ah_ttl = AhTtl::zero;
    packet = unsealed(multicast_ip);
    ASSERT_TRUE(seal_ah(packet, rfc, sequence, hmac));
    EXPECT_EQ(packet, zeroed);

    sequence = AhSequence{6};
    packet = unsealed(unicast_ip);
    ASSERT_TRUE(seal_ah(packet, unicast_settings(peer), sequence, hmac));
    EXPECT_EQ(packet, unicast);
}

TEST(AhSeal, NumbersNeverCycle) {  // RFC 2402 3.3.2
    OpenSsl hmac;
    AhSequence sequence{0xffff'fffe};
    Packet packet = unsealed(multicast_ip);
    EXPECT_TRUE(seal_ah(packet, ah_settings(peer), sequence, hmac));
    EXPECT_FALSE(seal_ah(packet, ah_settings(peer), sequence, hmac));
    EXPECT_EQ(sequence.last(), 0xffff'ffffU);
}

// One router's numbers through a takeover and a restart, as keepalived's.
TEST(AhSequence, SurvivesTakeoverAndRestart) {
    OpenSsl hmac;
    const Settings a = ah_settings(peer);
    const Settings b = ah_settings(self);
    AhSequence at_a{1000};
    AhSequence at_b;
    const auto send = [&](const Settings& from, AhSequence& sequence, const Settings& to,
                          AhSequence& receiver) {
        Packet packet = unsealed(multicast_ip);
        net::store(net::Bytes(packet), 12, from.primary_address.as_v4());
        seal_ah(packet, from, sequence, hmac);
        return std::holds_alternative<Advert>(decode_ah(packet, to, receiver, hmac));
    };
    EXPECT_TRUE(send(a, at_a, b, at_b));
    EXPECT_EQ(at_b.last(), 1001U);
    EXPECT_TRUE(send(b, at_b, a, at_a)) << "b takes over and goes on from a's numbers";
    at_b = AhSequence{};  // b restarts and hears a first
    EXPECT_FALSE(send(b, at_b, a, at_a)) << "a replay of b's first life is as old as this";
    EXPECT_TRUE(send(a, at_a, b, at_b));
    EXPECT_TRUE(send(b, at_b, a, at_a));
}

// Until one hears the other both are master and count alike: neither repeats anything. keepalived,
// which has one counter for both directions, is checked in tests/sim.
TEST(AhSequence, TwoMastersThatSpeakAtOnceHearEachOther) {
    const net::Be32 a = peer.as_v4();
    const net::Be32 b = self.as_v4();
    AhSequence at_a{1000}, at_b{1000};
    const std::optional<std::uint32_t> from_a = at_a.next();
    const std::optional<std::uint32_t> from_b = at_b.next();
    ASSERT_EQ(from_a, from_b);
    EXPECT_TRUE(at_a.accept(b, *from_b));
    EXPECT_TRUE(at_b.accept(a, *from_a));
    EXPECT_FALSE(at_a.accept(b, *from_b)) << "but not twice";
    EXPECT_EQ(at_a.next(), 1003U) << "keepalived has refused 1001 and is about to say 1002";
}

TEST(AhSequence, ANumberIsAboveAllThatWasSentOrHeard) {
    AhSequence sequence{10};
    EXPECT_TRUE(sequence.accept(peer.as_v4(), 5)) << "lower than ours, but new from him";
    EXPECT_EQ(sequence.next(), 11U);
    EXPECT_TRUE(sequence.accept(peer.as_v4(), 40));
    EXPECT_EQ(sequence.next(), 41U);
    EXPECT_FALSE(sequence.accept(peer.as_v4(), 40));
    EXPECT_FALSE(sequence.accept(peer.as_v4(), 39));
}

net::Be32 sender(std::uint32_t n) {
    return net::Be32(0xc000'0200U + n);
}

// Full is stricter, never laxer: who lost his place cannot be replayed.
TEST(AhSequence, MoreSendersThanPlaces) {
    AhSequence sequence;
    constexpr std::uint32_t most = AhSequence::max_senders;
    for (std::uint32_t n = 1; n <= most; ++n)
        EXPECT_TRUE(sequence.accept(sender(n), 100 + n));
    EXPECT_TRUE(sequence.accept(sender(most + 1), 1)) << "it takes the place of sender 1";
    EXPECT_FALSE(sequence.accept(sender(1), 101)) << "which has said that";
    EXPECT_FALSE(sequence.accept(sender(most + 2), 50));
    EXPECT_TRUE(sequence.accept(sender(1), 102));
    EXPECT_FALSE(sequence.accept(sender(2), 102));
    EXPECT_TRUE(sequence.accept(sender(2), 103));
}

TEST(AhPayload, FindsTheMessageWithoutTrust) {
    const net::ConstBytes l4 = net::ConstBytes(covered).subspan(20);
    const auto inner = ah_payload(l4);
    ASSERT_TRUE(inner);
    EXPECT_EQ(peek_vrid(*inner), 51);
    EXPECT_FALSE(ah_payload(l4.first(23)));
    EXPECT_TRUE(ah_payload(l4.first(24))->empty());
}

}  // namespace ah_test
}  // namespace warren::vrrp
