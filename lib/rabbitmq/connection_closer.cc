// SPDX-License-Identifier: BSD-3-Clause
#include "rabbitmq/connection_closer.h"

#include <algorithm>
#include <tuple>

#include "rabbitmq/fields.h"

namespace warren::rabbitmq {
namespace {

constexpr unsigned gone = 404;

struct Leaver {
    bool is_busy = false;
    std::uint64_t connected_ms = 0;
    std::string name;

    auto rank() const { return std::tie(is_busy, connected_ms, name); }
};

std::string in_brackets(const std::string& address) {
    return address.find(':') == std::string::npos ? address : "[" + address + "]";
}

double rate_in(const Json& connection, const char* details) {
    const auto found = connection.find(details);
    if (found == connection.end() || !found->is_object()) return 0;
    const auto rate = found->find("rate");
    return rate != found->end() && rate->is_number() ? rate->get<double>() : 0;
}

// "192.168.8.100:40000 -> 192.168.8.11:5672" comes from "192.168.8.100:".
bool comes_from(const std::string& name, const std::string& peer) {
    return name.starts_with(in_brackets(peer) + ":");
}

// Told to close, and its client has not answered yet.
bool is_leaving(std::string_view state) {
    return state == "closing" || state == "closed";
}

// RFC 3986 2.1, of all that is not unreserved.
std::string percent_encoded(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool is_plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                              (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '_';
        out +=
            is_plain ? std::string(1, c) : std::string{'%', digits[byte >> 4], digits[byte & 15]};
    }
    return out;
}

}  // namespace

std::string ConnectionCloser::path() const {
    if (listed_) return "/api/connections/" + percent_encoded(names_.back());
    const std::string end =
        " -> " + in_brackets(closable_.address) + ":" + std::to_string(closable_.port);
    return "/api/connections?page=1&page_size=" + std::to_string(most_connections) +
           "&sort=connected_at&use_regex=false&name=" + percent_encoded(end) +
           "&columns=name,state,connected_at,recv_oct_details.rate,send_oct_details.rate";
}

void ConnectionCloser::take(unsigned status, std::string_view body) {
    const bool is_good = status >= 200 && status < 300;
    if (!listed_ && is_good) return take_list(body);
    if (listed_ && (is_good || status == gone)) {
        closed_ += is_good ? 1 : 0;
        names_.pop_back();
        return;
    }
    problem_ = "the management API answers " + std::to_string(status);
    if (status == 401 || status == 403)
        problem_ += ": the user needs the tag administrator to close others' connections";
}

void ConnectionCloser::take_list(std::string_view body) {
    const Json answer = Json::parse(body, nullptr, false);
    const auto items = answer.is_object() ? answer.find("items") : answer.end();
    if (!answer.is_object() || items == answer.end() || !items->is_array()) {
        problem_ = "the management API has no list of connections";
        return;
    }
    const std::string end = ":" + std::to_string(closable_.port);
    bool is_any_ours = false;
    std::vector<Leaver> found;
    for (const Json& item : *items) {
        const std::string name = text_in(item, "name");
        const bool is_ours = name.ends_with(end) &&
                             std::any_of(closable_.peers.begin(), closable_.peers.end(),
                                         [&](const std::string& p) { return comes_from(name, p); });
        is_any_ours = is_any_ours || is_ours;
        if (!is_ours || is_leaving(text_in(item, "state"))) continue;
        const double rate = rate_in(item, "recv_oct_details") + rate_in(item, "send_oct_details");
        found.push_back({rate >= idle_bytes_s, number_in(item, "connected_at").value_or(0), name});
    }
    if (!is_any_ours) problem_ = "none of the node's connections comes from our local addresses";
    std::sort(found.begin(), found.end(),
              [](const Leaver& a, const Leaver& b) { return a.rank() < b.rank(); });
    found.resize(std::min<std::size_t>(found.size(), closable_.most));
    std::for_each(found.rbegin(), found.rend(),
                  [this](Leaver& leaver) { names_.push_back(std::move(leaver.name)); });
    listed_ = true;
}

}  // namespace warren::rabbitmq
