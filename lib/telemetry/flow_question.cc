// SPDX-License-Identifier: BSD-3-Clause
#include "telemetry/flow_question.h"

#include <charconv>
#include <sstream>
#include <utility>

#include "capture/request.h"
#include "flow/tcp.h"

namespace warren::telemetry {
namespace {

template <typename Number>
bool read_all(std::string_view text, Number& number) {
    const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
    return end.ec == std::errc() && end.ptr == text.data() + text.size();
}

bool read_place(std::string_view text, FlowQuestion& question) {
    const std::size_t colon = text.find(':');
    return colon != std::string_view::npos && read_all(text.substr(0, colon), question.worker) &&
           read_all(text.substr(colon + 1), question.from);
}

bool read_state(std::string_view name, flow::TcpState& state) {
    for (std::size_t i = 1; i < flow::tcp_state_count; ++i) {
        state = static_cast<flow::TcpState>(i);
        if (flow::name_of(state) == name) return true;
    }
    return false;
}

exchange::End* end_called(std::string_view word, exchange::FlowFilter& filter) {
    if (word == "client") return &filter.client;
    if (word == "server") return &filter.server;
    if (word == "service") return &filter.service;
    return word == "local" ? &filter.local : nullptr;
}

std::string take(const std::string& word, const std::string& value, FlowQuestion& question) {
    exchange::FlowFilter& filter = question.filter;
    if (exchange::End* end = end_called(word, filter)) {
        const auto read = capture::read_end(value);
        if (!read) return word + " \"" + value + "\" is neither ADDRESS nor ADDRESS:PORT";
        *end = *read;
        return {};
    }
    if (word == "state")
        return read_state(value, filter.state) ? "" : '"' + value + "\" is no state of a flow";
    if (word == "idle" || word == "older") {
        std::uint32_t& ms = word == "idle" ? filter.idle_ms : question.older_ms;
        return read_all(value, ms) ? "" : word + " takes milliseconds";
    }
    return "unknown word \"" + word + '"';
}

}  // namespace

std::string FlowQuestion::continued(std::size_t next_worker, std::uint32_t next_from) const {
    return std::to_string(next_worker) + ':' + std::to_string(next_from) + words;
}

FlowQuestion read_flow_question(std::string_view text) {
    FlowQuestion question;
    std::istringstream words{std::string(text)};
    std::string word, value;
    bool is_first = true;
    while (question.problem.empty() && words >> word) {
        if (std::exchange(is_first, false) && read_place(word, question)) continue;
        question.problem = words >> value ? take(word, value, question) : word + " takes a word";
        question.words.append(" ").append(word).append(" ").append(value);
    }
    return question;
}

}  // namespace warren::telemetry
