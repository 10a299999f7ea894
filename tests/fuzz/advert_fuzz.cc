// SPDX-License-Identifier: BSD-3-Clause
// Adverts from anywhere: the first byte picks version, family, authentication and whether the sum
// is put right (so that mutations get past it); the rest is the VRRP message. Nothing may be read
// outside it; a rejected one touches no timer; an accepted one says what its bytes say and is one
// that decode() accepts again.
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "net/checksum.h"
#include "vrrp/ah.h"
#include "vrrp/instance.h"

namespace {

using namespace warren;

enum Choice : unsigned {
    v3 = 1,
    ipv6 = 2,
    pass = 4,
    fix_sum = 8,
    unicast = 16,
    master = 32,
    ah = 64,  // the rest is a whole IPv4 packet of protocol 51
};

void require(bool holds) {
    if (!holds) std::abort();
}

// A digest that every second packet hits.
class Digest : public vrrp::HmacMd5_96 {
  public:
    vrrp::Icv operator()(net::ConstBytes, net::ConstBytes text) override {
        vrrp::Icv icv{};
        icv[0] = static_cast<std::uint8_t>(text[0] & 1);
        return icv;
    }
};

// A refused one moves no number, no one moves it back; an accepted one is not accepted twice.
void run_ah(vrrp::Settings s, const std::vector<std::uint8_t>& packet) {
    s.auth_type = vrrp::AuthType::ah;
    Digest digest;
    vrrp::AhSequence sequence{3};
    const vrrp::Decoded first = vrrp::decode_ah(packet, s, sequence, digest);
    if (std::holds_alternative<vrrp::RejectReason>(first)) return require(sequence.last() == 3);
    require(sequence.last() >= 3);
    const vrrp::Decoded second = vrrp::decode_ah(packet, s, sequence, digest);
    require(std::holds_alternative<vrrp::RejectReason>(second));
}

vrrp::Settings settings(unsigned choice) {
    vrrp::Settings s;
    s.version = (choice & (v3 | ipv6)) != 0 ? vrrp::Version::v3 : vrrp::Version::v2;
    s.vrid = 51;
    s.primary_address = net::IpAddress::v4(192, 0, 2, 5);
    s.advert_addresses = {net::IpAddress::v4(192, 0, 2, 100)};
    if ((choice & ipv6) != 0) {
        s.multicast_group = vrrp::multicast_group_v6;
        s.primary_address = *net::IpAddress::parse("fe80::5");
        s.advert_addresses = {*net::IpAddress::parse("fe80::100")};
    }
    if ((choice & pass) != 0) {
        s.auth_type = vrrp::AuthType::pass;
        s.auth_data = {'1', '1', '1', '1'};
    }
    return s;
}

// The right sum (message only, or over the pseudo-header for IPv6) for the length the message says
// it has.
void put_sum_right(std::vector<std::uint8_t>& message, const vrrp::Settings& s,
                   const net::IpAddress& source, const net::IpAddress& destination) {
    if (message.size() < 8) return;
    const std::size_t size =
        8 + message[3] * (s.is_ipv6() ? 16U : 4U) + (s.version == vrrp::Version::v2 ? 8U : 0U);
    if (message.size() < size) return;
    message[6] = message[7] = 0;
    std::uint64_t sum = 0;
    if (s.is_ipv6())
        sum = net::pseudo_header_sum(source.bytes(), destination.bytes(), net::IpProtocol::vrrp,
                                     size);
    sum = net::add_to_sum(sum, net::ConstBytes(message).first(size));
    net::store(net::Bytes(message), 6, net::checksum_of(sum));
}

void check_accepted(const vrrp::Advert& advert, const vrrp::Settings& s,
                    const std::vector<std::uint8_t>& message) {
    require(advert.vrid == s.vrid && advert.version == s.version);
    require(advert.priority == message[2]);
    require(advert.addresses.size() == message[3]);
    require(advert.advert_interval_ns != 0);
    for (std::size_t i = 0; i < advert.addresses.size(); ++i)
        require(advert.addresses[i].is_v4() || s.is_ipv6());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const unsigned choice = data[0];
    vrrp::Settings s = settings(choice);
    const net::IpAddress source =
        s.is_ipv6() ? *net::IpAddress::parse("fe80::2") : net::IpAddress::v4(192, 0, 2, 2);
    net::IpAddress destination = s.multicast_group;
    if ((choice & unicast) != 0) {
        s.unicast_peers = {{source, 0, 255}};
        destination = s.primary_address;
    }
    // A buffer of exactly this size, so that the sanitizer sees one byte too far.
    std::vector<std::uint8_t> message(data + 1, data + size);
    message.shrink_to_fit();
    if ((choice & ah) != 0) {
        run_ah(s, message);
        return 0;
    }
    if ((choice & fix_sum) != 0) put_sum_right(message, s, source, destination);

    vrrp::Instance instance(s);
    std::uint64_t now_ns = vrrp::ns_per_s;
    instance.step(vrrp::Startup{}, now_ns);
    if ((choice & master) != 0) {
        now_ns = instance.deadline_ns();
        instance.step(vrrp::Tick{now_ns}, now_ns);
    }
    const std::uint64_t deadline_ns = instance.deadline_ns();
    now_ns += vrrp::ns_per_ms;

    const vrrp::Decoded decoded = vrrp::decode({message, 255, source, destination}, s);
    if (const auto* reason = std::get_if<vrrp::RejectReason>(&decoded)) {
        require(!vrrp::name(*reason).empty());
        instance.count_rejected(*reason);
        require(instance.deadline_ns() == deadline_ns);
        return 0;
    }
    const auto& advert = std::get<vrrp::Advert>(decoded);
    check_accepted(advert, s, message);
    instance.step(vrrp::AdvertReceived{advert, source}, now_ns);
    require(instance.deadline_ns() > 0);
    return 0;
}
