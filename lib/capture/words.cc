// SPDX-License-Identifier: BSD-3-Clause
#include "capture/words.h"

#include <array>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "exchange/snapshot.h"

namespace warren::capture {
namespace {

using exchange::CapturedPacket;
using exchange::Drop;
using exchange::Fate;

std::string end_text(const net::IpAddress& address, net::Be16 port) {
    if (port.host() == 0) return address.to_string();
    const std::string host =
        address.is_v4() ? address.to_string() : "[" + address.to_string() + "]";
    return host + ":" + std::to_string(port.host());
}

std::string flags_text(std::uint8_t flags) {
    using namespace net::tcp_flag;
    constexpr std::array<std::pair<std::uint8_t, const char*>, 6> names{
        {{syn, "SYN"}, {fin, "FIN"}, {rst, "RST"}, {psh, "PSH"}, {ack, "ACK"}, {urg, "URG"}}};
    std::string text;
    for (const auto& [flag, name] : names)
        if ((flags & flag) != 0) text += (text.empty() ? "" : " ") + std::string(name);
    return text.empty() ? "no flag" : text;
}

std::string content_text(const net::Parsed& frame) {
    if (frame.network == net::Network::arp) return frame.message_type == 1 ? "ARP request" : "ARP";
    if (frame.is_tcp())
        return flags_text(frame.tcp_flags) + ", " + std::to_string(frame.payload_bytes) +
               " bytes, seq " + std::to_string(frame.sequence) + ", ack " +
               std::to_string(frame.acknowledgement);
    if (frame.is_icmp())
        return "ICMP type " + std::to_string(frame.message_type) + " code " +
               std::to_string(frame.message_code);
    return "protocol " + std::to_string(static_cast<unsigned>(frame.protocol)) + ", " +
           std::to_string(frame.payload_bytes) + " bytes";
}

bool has_frame(Fate fate) {
    return fate == Fate::sent || fate == Fate::held || fate == Fate::made;
}

// It went back to where it came from.
bool is_answer(const CapturedPacket& packet) {
    return packet.fate == Fate::sent && packet.went.destination == packet.came.source &&
           packet.went.destination_port == packet.came.source_port;
}

std::string flow_text(const CapturedPacket& packet) {
    const std::string after(flow::name_of(packet.after));
    return packet.before == packet.after
               ? after
               : std::string(flow::name_of(packet.before)) + " -> " + after;
}

bool has_flow(const CapturedPacket& packet) {
    return packet.before != flow::TcpState::none || packet.after != flow::TcpState::none;
}

std::string fate_text(const CapturedPacket& packet, PortNames ports) {
    switch (packet.fate) {
        case Fate::sent:
        case Fate::made:
            return "sent by " + port_name(packet.target, ports);
        case Fate::held:
            return "held until the peer knows its flow, then sent by " +
                   port_name(packet.target, ports);
        case Fate::dropped:
            return "dropped: " + std::string(packet.reason == Drop::count_
                                                 ? "no reason"
                                                 : exchange::name_of(packet.reason));
        case Fate::punted:
            return "given to the control lcore";
        case Fate::to_kernel:
            return "left to the kernel";
        case Fate::handed_on:
            return "handed to worker " + std::to_string(packet.target) + ", which has its flow";
    }
    return "unknown";
}

constexpr std::uint64_t ns_per_s = 1'000'000'000;

// ".123456"
std::string fraction_text(std::uint64_t wall_ns) {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), ".%06u",
                  static_cast<unsigned>(wall_ns % ns_per_s / 1'000));
    return text.data();
}

std::string local_text(std::uint64_t wall_ns) {
    const auto seconds = static_cast<std::time_t>(wall_ns / ns_per_s);
    std::tm parts{};
    localtime_r(&seconds, &parts);
    std::array<char, 16> text{};
    std::strftime(text.data(), text.size(), "%T", &parts);
    return text.data() + fraction_text(wall_ns);
}

// RFC 3339.
std::string utc_text(std::uint64_t wall_ns) {
    const auto seconds = static_cast<std::time_t>(wall_ns / ns_per_s);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 32> text{};
    std::strftime(text.data(), text.size(), "%FT%T", &parts);
    return text.data() + fraction_text(wall_ns) + 'Z';
}

struct Step {
    const char* name;
    std::string text;
};

std::string line_of(const Step& step) {
    std::array<char, 24> head{};
    std::snprintf(head.data(), head.size(), "    %-12s", step.name);
    return head.data() + step.text + '\n';
}

std::string arrival_text(const CapturedPacket& packet, PortNames ports) {
    std::string text =
        "came by " + port_name(packet.in_port, ports) + ", worker " + std::to_string(packet.worker);
    if (packet.handed_by != CapturedPacket::nobody)
        text += ", handed over by worker " + std::to_string(packet.handed_by);
    return text;
}

std::vector<Step> steps_of(const CapturedPacket& packet, PortNames ports) {
    const bool is_made = packet.fate == Fate::made;
    std::vector<Step> steps;
    if (is_made)
        steps.push_back({"made", "here, by worker " + std::to_string(packet.worker)});
    else
        steps.push_back({"parsed", arrival_text(packet, ports)});
    if (!packet.what.empty()) steps.push_back({"classified", std::string(packet.what)});
    steps.push_back({"flow", has_flow(packet) ? flow_text(packet) : "none"});
    if (packet.fate != Fate::dropped && packet.reason != Drop::count_)
        steps.push_back({"refused", std::string(exchange::name_of(packet.reason))});
    if (!is_made && has_frame(packet.fate))
        steps.push_back({is_answer(packet) ? "answered" : "rewritten", frame_text(packet.went)});
    steps.push_back({"verdict", fate_text(packet, ports)});
    return steps;
}

}  // namespace

std::string port_name(std::uint8_t port, PortNames ports) {
    if (port == exchange::loopback_port) return "lo";
    return port < ports.size() ? ports[port] : "port " + std::to_string(port);
}

std::string frame_text(const net::Parsed& frame) {
    if (!frame.ok()) return "malformed: " + std::string(net::name(frame.error));
    if (frame.network == net::Network::other) return "neither IP nor ARP";
    return end_text(frame.source, frame.source_port) + " > " +
           end_text(frame.destination, frame.destination_port) + "  " + content_text(frame);
}

std::string outcome_text(const CapturedPacket& packet, PortNames ports) {
    std::string text;
    if (packet.fate != Fate::dropped && packet.reason != Drop::count_)
        text = "refused: " + std::string(exchange::name_of(packet.reason)) + ", ";
    if (is_answer(packet))
        text += "answered, ";
    else if (has_frame(packet.fate))
        text += "to " + end_text(packet.went.destination, packet.went.destination_port) + ", ";
    text += fate_text(packet, ports);
    if (has_flow(packet)) text += ", flow " + flow_text(packet);
    return text;
}

std::string origin_text(const CapturedPacket& packet) {
    if (packet.fate == Fate::made) return "made here";
    return "from " + end_text(packet.came.source, packet.came.source_port);
}

std::string trace_text(const CapturedPacket& packet, PortNames ports, std::uint64_t wall_ns) {
    std::string text = local_text(wall_ns) + "  " +
                       frame_text(packet.fate == Fate::made ? packet.went : packet.came) + '\n';
    for (const Step& step : steps_of(packet, ports))
        text += line_of(step);
    return text;
}

std::string trace_json(const CapturedPacket& packet, PortNames ports, std::uint64_t wall_ns) {
    nlohmann::ordered_json row{
        {"time", utc_text(wall_ns)},
        {"frame", frame_text(packet.fate == Fate::made ? packet.went : packet.came)}};
    for (const Step& step : steps_of(packet, ports))
        row[step.name] = step.text;
    return row.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace) + '\n';
}

}  // namespace warren::capture
