// SPDX-License-Identifier: BSD-3-Clause
// describe(): a frame as one line. Reads the bytes itself, without lib/net's parser.
//   02:…:01 > ff:ff:ff:ff:ff:ff vlan 10 ARP request 10.0.0.1 (02:…:01) for 10.0.0.2 (00:…:00)
//   02:…:01 > 02:…:02 IPv4 10.0.0.1 > 10.0.0.2 ttl 64 [tos 0xc0] [id 7] [DF] [MF] [offset 8]
//   [options 4]
//     TCP 4000 > 5672 [SA] seq 1 ack 2 win 100 [<mss 1460,timestamps 1 2>] ["text" or N bytes]
//     NS for fd00::1 [link 02:…] · NA [RSO] for fd00::1 [link 02:…]
//     UDP 53 > 54 · ICMP type 8 code 0 rest 0x00010002 · VRRP v2 vrid 51 priority 100 · protocol 51
//     padding N, then what is wrong in capitals
#include <algorithm>
#include <cstdarg>
#include <cstdio>

#include "packets/packet_builder.h"

namespace warren::packets {
namespace {

[[gnu::format(printf, 1, 2)]] std::string print(const char* format, ...) {
    char text[160];
    std::va_list values;
    va_start(values, format);
    std::vsnprintf(text, sizeof(text), format, values);
    va_end(values);
    return text;
}

// Reads on from a position; past the end everything is 0 and truncated() says so.
class Reader {
  public:
    explicit Reader(net::ConstBytes bytes) : bytes_(bytes) {}

    unsigned u8() {
        if (at_ >= bytes_.size()) {
            truncated_ = true;
            return 0;
        }
        return bytes_[at_++];
    }
    unsigned u16() {
        const unsigned high = u8();
        return high << 8 | u8();
    }
    std::uint32_t u32() {
        const std::uint32_t high = u16();
        return high << 16 | u16();
    }
    std::string mac() {
        net::MacAddress address;
        std::ranges::copy(take(6), address.bytes.begin());
        return address.to_string();
    }
    net::IpAddress ip(bool four) {
        if (four) return net::IpAddress::v4(net::Be32(u32()));
        std::array<std::uint8_t, 16> raw{};
        std::ranges::copy(take(16), raw.begin());
        return net::IpAddress::v6(raw);
    }
    // The next `bytes` as a part of its own, or as many as there are.
    net::ConstBytes take(std::size_t bytes) {
        const std::size_t left = bytes_.size() - at_;
        if (bytes > left) truncated_ = true;
        const net::ConstBytes part = bytes_.subspan(at_, bytes < left ? bytes : left);
        at_ += part.size();
        return part;
    }
    std::size_t left() const { return bytes_.size() - at_; }
    bool truncated() const { return truncated_; }

  private:
    net::ConstBytes bytes_;
    std::size_t at_ = 0;
    bool truncated_ = false;
};

std::string payload_text(net::ConstBytes payload) {
    if (payload.empty()) return {};
    bool printable = payload.size() <= 40;
    for (const std::uint8_t byte : payload)
        printable = printable && byte >= 0x20 && byte < 0x7f;
    if (!printable) return print(" %zu bytes", payload.size());
    return " \"" + std::string(payload.begin(), payload.end()) + "\"";
}

std::string tcp_options_text(net::ConstBytes options) {
    std::string text;
    Reader in(options);
    while (in.left() > 0) {
        const unsigned kind = in.u8();
        if (kind == 0) break;
        if (!text.empty()) text += ',';
        if (kind == 1) {
            text += "nop";
            continue;
        }
        const unsigned length = in.u8();
        if (length < 2) return " <" + text + "BAD>";
        Reader body(in.take(length - 2));
        if (kind == 2)
            text += print("mss %u", body.u16());
        else if (kind == 3)
            text += print("wscale %u", body.u8());
        else if (kind == 4)
            text += "sack ok";
        else if (kind == 8) {
            text += print("timestamps %u", body.u32());
            text += print(" %u", body.u32());
        } else
            text += print("option %u", kind);
    }
    return text.empty() ? "" : " <" + text + ">";
}

std::string tcp_text(net::ConstBytes l4) {
    Reader in(l4);
    const unsigned source = in.u16();
    const unsigned destination = in.u16();
    const std::uint32_t sequence = in.u32();
    const std::uint32_t acknowledgement = in.u32();
    const std::size_t header = (in.u8() >> 4) * 4U;
    const unsigned flags = in.u8();
    const unsigned window = in.u16();
    in.u32();
    std::string letters;
    for (unsigned bit = 0; bit < 8; ++bit)
        if ((flags >> bit & 1) != 0) letters += "FSRPAUEC"[bit];
    std::string text = print(" TCP %u > %u [%s] seq %u ack %u win %u", source, destination,
                             letters.c_str(), sequence, acknowledgement, window);
    if (header < 20 || header > l4.size()) return text + " BAD TCP OFFSET";
    text += tcp_options_text(in.take(header - 20));
    return text + payload_text(in.take(in.left()));
}

std::string udp_text(net::ConstBytes l4) {
    Reader in(l4);
    const unsigned source = in.u16();
    const unsigned destination = in.u16();
    const unsigned length = in.u16();
    in.u16();
    const std::string text = print(" UDP %u > %u", source, destination);
    if (length != l4.size()) return text + " BAD UDP LENGTH";
    return text + payload_text(in.take(in.left()));
}

std::string icmp_text(net::ConstBytes l4) {
    Reader in(l4);
    const unsigned type = in.u8();
    const unsigned code = in.u8();
    in.u16();
    const std::uint32_t rest = in.u32();
    return print(" ICMP type %u code %u rest 0x%08x", type, code, rest) +
           payload_text(in.take(in.left()));
}

// " NS for fd00::100" or " NA RSO for fd00::100", then " link 02:..." for each such option.
std::string neighbour_text(net::ConstBytes l4) {
    Reader in(l4);
    std::string text = in.u8() == 135 ? " NS" : " NA";
    in.u8();
    in.u16();
    const std::uint32_t flags = in.u32();
    if ((flags >> 29) != 0) text += ' ';
    for (unsigned bit = 0; bit < 3; ++bit)
        if ((flags >> (31 - bit) & 1) != 0) text += "RSO"[bit];
    text += " for " + in.ip(false).to_string();
    while (in.left() >= 8) {
        const unsigned kind = in.u8();
        const std::size_t bytes = in.u8() * std::size_t{8};
        if (bytes == 0) return text + " BAD OPTION";
        if ((kind == 1 || kind == 2) && bytes == 8)
            text += " link " + in.mac();
        else
            in.take(bytes - 2);
    }
    return in.truncated() ? text + " TRUNCATED" : text;
}

std::string vrrp_text(net::ConstBytes l4) {
    Reader in(l4);
    const unsigned version_and_type = in.u8();
    const unsigned vrid = in.u8();
    const unsigned priority = in.u8();
    return print(" VRRP v%u vrid %u priority %u", version_and_type >> 4, vrid, priority);
}

struct IpPart {
    net::IpAddress source;
    net::IpAddress destination;
    unsigned protocol = 0;
    bool ports = true;     // not a later fragment
    bool complete = true;  // no fragment at all: checksums can be checked
    net::ConstBytes l4;
    std::string wrong;
};

std::string checksum_text(const IpPart& ip, const char* what) {
    Frame data;
    if (ip.protocol != 1) {
        const std::size_t skip = ip.source.is_v4() ? 12 : 0;
        for (const net::IpAddress& end : {ip.source, ip.destination})
            data.insert(data.end(), end.bytes().begin() + static_cast<std::ptrdiff_t>(skip),
                        end.bytes().end());
        const auto size = static_cast<std::uint32_t>(ip.l4.size());
        for (const std::uint32_t word : {size, std::uint32_t{ip.protocol}})
            for (int shift = 24; shift >= 0; shift -= 8)
                data.push_back(static_cast<std::uint8_t>(word >> shift));
    }
    data.insert(data.end(), ip.l4.begin(), ip.l4.end());
    return slow_checksum(data) == 0 ? "" : print(" BAD %s CHECKSUM", what);
}

std::string l4_text(const IpPart& ip) {
    std::string text;
    std::string wrong;
    if (!ip.ports) return payload_text(ip.l4) + ip.wrong;
    if (ip.protocol == 6) {
        text = tcp_text(ip.l4);
        if (ip.complete) wrong = checksum_text(ip, "TCP");
    } else if (ip.protocol == 17) {
        text = udp_text(ip.l4);
        const bool none = ip.l4.size() >= 8 && ip.l4[6] == 0 && ip.l4[7] == 0;
        if (ip.complete && !none) wrong = checksum_text(ip, "UDP");
    } else if (ip.protocol == 1 || ip.protocol == 58) {
        const bool neighbour =
            ip.protocol == 58 && !ip.l4.empty() && (ip.l4[0] == 135 || ip.l4[0] == 136);
        text = neighbour ? neighbour_text(ip.l4) : icmp_text(ip.l4);
        if (ip.complete) wrong = checksum_text(ip, "ICMP");
    } else if (ip.protocol == 112) {
        text = vrrp_text(ip.l4);
    } else {
        text = print(" protocol %u", ip.protocol) + payload_text(ip.l4);
    }
    return text + ip.wrong + wrong;
}

std::string ipv4_text(net::ConstBytes packet) {
    Reader in(packet);
    const unsigned version_and_words = in.u8();
    const std::size_t header = (version_and_words & 15) * 4U;
    const unsigned tos = in.u8();
    const std::size_t total = in.u16();
    const unsigned id = in.u16();
    const unsigned fragment = in.u16();
    const unsigned ttl = in.u8();
    IpPart ip;
    ip.protocol = in.u8();
    in.u16();
    ip.source = in.ip(true);
    ip.destination = in.ip(true);
    std::string text = print(" IPv4 %s > %s ttl %u", ip.source.to_string().c_str(),
                             ip.destination.to_string().c_str(), ttl);
    if (tos != 0) text += print(" tos 0x%02x", tos);
    if (id != 0) text += print(" id %u", id);
    if ((fragment & 0x4000) != 0) text += " DF";
    if ((fragment & 0x2000) != 0) text += " MF";
    if ((fragment & 0x1fff) != 0) text += print(" offset %u", (fragment & 0x1fff) * 8);
    if (version_and_words >> 4 != 4) return text + " BAD IP VERSION";
    if (header < 20 || header > packet.size()) return text + " BAD IP HEADER LENGTH";
    if (header > 20) text += print(" options %zu", header - 20);
    if (slow_checksum(packet.first(header)) != 0) ip.wrong = " BAD IP CHECKSUM";
    if (total < header) return text + " BAD TOTAL LENGTH";
    if (total > packet.size()) return text + " TRUNCATED" + ip.wrong;
    ip.ports = (fragment & 0x1fff) == 0;
    ip.complete = (fragment & 0x3fff) == 0;
    ip.l4 = packet.subspan(header, total - header);
    text += l4_text(ip);
    return total == packet.size() ? text : text + print(" padding %zu", packet.size() - total);
}

// Steps over hop-by-hop, routing, fragment and destination options.
std::string extensions_text(IpPart& ip) {
    std::string text;
    while (ip.protocol == 0 || ip.protocol == 43 || ip.protocol == 44 || ip.protocol == 60) {
        if (ip.l4.size() < 8) return text + " TRUNCATED";
        const std::size_t bytes = ip.protocol == 44 ? 8 : (ip.l4[1] + 1U) * 8;
        if (ip.l4.size() < bytes) return text + " TRUNCATED";
        text += print(" extension %u", ip.protocol);
        if (ip.protocol == 44) {
            const unsigned offset = ip.l4[2] * 256U + ip.l4[3];
            if ((offset & 1) != 0) text += " MF";
            if (offset >= 8) text += print(" offset %u", offset & 0xfff8);
            ip.ports = offset < 8;
            ip.complete = offset < 8 && (offset & 1) == 0;
        }
        ip.protocol = ip.l4[0];
        ip.l4 = ip.l4.subspan(bytes);
        if (!ip.ports) break;
    }
    return text;
}

std::string ipv6_text(net::ConstBytes packet) {
    Reader in(packet);
    const std::uint32_t first = in.u32();
    const std::size_t payload = in.u16();
    IpPart ip;
    ip.protocol = in.u8();
    const unsigned hop_limit = in.u8();
    ip.source = in.ip(false);
    ip.destination = in.ip(false);
    std::string text = print(" IPv6 %s > %s ttl %u", ip.source.to_string().c_str(),
                             ip.destination.to_string().c_str(), hop_limit);
    if ((first >> 20 & 0xff) != 0) text += print(" tos 0x%02x", first >> 20 & 0xff);
    if (first >> 28 != 6) return text + " BAD IP VERSION";
    if (in.truncated() || payload > in.left()) return text + " TRUNCATED";
    ip.l4 = in.take(payload);
    text += extensions_text(ip);
    text += l4_text(ip);
    return in.left() == 0 ? text : text + print(" padding %zu", in.left());
}

std::string arp_text(net::ConstBytes packet) {
    Reader in(packet);
    const bool usual = in.u16() == 1 && in.u16() == 0x0800 && in.u16() == 0x0604;
    if (!usual) return " ARP UNKNOWN";
    const unsigned operation = in.u16();
    const std::string sender_mac = in.mac();
    const std::string sender = in.ip(true).to_string();
    const std::string target_mac = in.mac();
    const std::string target = in.ip(true).to_string();
    std::string text = operation == 1   ? " ARP request "
                       : operation == 2 ? " ARP reply "
                                        : print(" ARP operation %u ", operation);
    text += sender + " (" + sender_mac + ") for " + target + " (" + target_mac + ")";
    if (in.truncated()) return text + " TRUNCATED";
    return in.left() == 0 ? text : text + print(" padding %zu", in.left());
}

}  // namespace

std::string describe(net::ConstBytes frame) {
    if (frame.size() < 14) return print("%zu bytes TRUNCATED", frame.size());
    Reader in(frame);
    const std::string destination = in.mac();
    std::string text = in.mac() + " > " + destination;
    unsigned type = in.u16();
    while ((type == 0x8100 || type == 0x88a8) && in.left() >= 4) {
        const unsigned control = in.u16();
        text += print(type == 0x8100 ? " vlan %u" : " service vlan %u", control & 0xfff);
        if (control >> 12 != 0) text += print(" priority %u", control >> 13);
        type = in.u16();
    }
    const net::ConstBytes packet = in.take(in.left());
    if (type == 0x0800) return text + ipv4_text(packet);
    if (type == 0x86dd) return text + ipv6_text(packet);
    if (type == 0x0806) return text + arp_text(packet);
    return text + print(" type 0x%04x", type) + payload_text(packet);
}

std::vector<std::string> describe(const std::vector<Frame>& frames) {
    std::vector<std::string> lines;
    for (const Frame& frame : frames)
        lines.push_back(describe(frame));
    return lines;
}

std::string hex_dump(net::ConstBytes frame) {
    std::string text;
    for (std::size_t i = 0; i < frame.size(); ++i) {
        if (i % 16 == 0) text += print(i == 0 ? "%04zx " : "\n%04zx ", i);
        text += print(" %02x", unsigned{frame[i]});
    }
    return text;
}

}  // namespace warren::packets
