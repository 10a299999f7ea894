// SPDX-License-Identifier: BSD-3-Clause
#include "capture/request.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <sstream>

namespace warren::capture {
namespace {

std::optional<std::uint64_t> read_number(std::string_view text, std::uint64_t least,
                                         std::uint64_t most) {
    std::uint64_t number = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool is_good = end.ec == std::errc() && end.ptr == text.data() + text.size() &&
                         number >= least && number <= most;
    return is_good ? std::optional(number) : std::nullopt;
}

}  // namespace

std::optional<exchange::End> read_end(std::string_view text) {
    if (const auto alone = net::IpAddress::parse(text)) return exchange::End{*alone, {}};
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    std::string_view host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    const auto address = net::IpAddress::parse(host);
    const auto port = read_number(text.substr(colon + 1), 1, 65'535);
    if (!address || !port) return std::nullopt;
    return exchange::End{*address, net::Be16(static_cast<std::uint16_t>(*port))};
}

namespace {

class Reader {
  public:
    explicit Reader(std::span<const std::string> ports) : ports_(ports) {}

    void take(const std::string& word, const std::string& value) {
        exchange::CaptureFilter& filter = request.filter;
        if (word == "client") return take_end(filter.client, word, value);
        if (word == "server") return take_end(filter.server, word, value);
        if (word == "service") return take_end(filter.service, word, value);
        if (word == "port") return take_port(value);
        if (word == "drops") return take_reason(value);
        if (word == "packets") return take_number(request.packets, word, value, 1, most_packets);
        if (word == "bytes") return take_number(request.bytes, word, value, 1, most_bytes);
        if (word == "seconds") return take_number(request.seconds, word, value, 1, most_seconds);
        if (word == "snap") return take_number(request.snap, word, value, least_snap, most_snap);
        refuse("unknown word \"" + word + '"');
    }
    void refuse(std::string problem, bool is_nonsense = true) {
        if (!request.problem.empty()) return;
        request.problem = std::move(problem);
        request.is_nonsense = is_nonsense;
    }

    Request request;

  private:
    void take_end(exchange::End& end, const std::string& word, const std::string& value) {
        if (const auto read = read_end(value))
            end = *read;
        else
            refuse(word + " \"" + value + "\" is neither ADDRESS nor ADDRESS:PORT");
    }
    void take_port(const std::string& value) {
        const auto found = std::find(ports_.begin(), ports_.end(), value);
        if (found == ports_.end())
            return refuse("no interface \"" + value + "\" is Warren's", false);
        request.filter.port = static_cast<std::uint8_t>(found - ports_.begin());
    }
    void take_reason(const std::string& value) {
        request.filter.drops_only = true;
        if (value == "any") return;
        const auto found =
            std::find(exchange::drop_names.begin(), exchange::drop_names.end(), value);
        if (found == exchange::drop_names.end())
            return refuse("\"" + value + "\" is no reason to drop: see warrenctl show counters");
        request.filter.reason = static_cast<exchange::Drop>(found - exchange::drop_names.begin());
    }
    template <typename Number>
    void take_number(Number& number, const std::string& word, const std::string& value,
                     std::uint64_t least, std::uint64_t most) {
        if (const auto read = read_number(value, least, most))
            number = static_cast<Number>(*read);
        else
            refuse(word + " \"" + value + "\" is no number from " + std::to_string(least) + " to " +
                   std::to_string(most));
    }

    std::span<const std::string> ports_;
};

}  // namespace

Request read_request(std::string_view text, std::span<const std::string> ports) {
    std::istringstream words{std::string(text)};
    Reader reader(ports);
    std::string kind, word, value;
    words >> kind;
    reader.request.is_json = kind == "trace-json";
    reader.request.is_trace = kind == "trace" || reader.request.is_json;
    if (!reader.request.is_trace && kind != "pcapng") reader.refuse("neither pcapng nor trace");
    while (words >> word) {
        if (words >> value)
            reader.take(word, value);
        else
            reader.refuse(word + " takes a word");
    }
    return reader.request;
}

}  // namespace warren::capture
