// SPDX-License-Identifier: BSD-3-Clause
#include "http/flow_pages.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <utility>

#include "http/message.h"
#include "http/view_pages.h"

namespace warren::http {
namespace {

using views::Json;

constexpr std::array<std::string_view, 7> parameters{"client", "server", "service", "local",
                                                     "state",  "idle",   "older"};

// Nothing: not of what addresses and names have.
std::optional<std::string> plain(std::string_view value) {
    static constexpr std::string_view others = ".:[]_";
    const auto is_plain = [](unsigned char c) {
        return std::isalnum(c) != 0 || others.find(static_cast<char>(c)) != std::string_view::npos;
    };
    std::optional<std::string> text = decoded(value);
    if (text && !std::all_of(text->begin(), text->end(), is_plain)) return std::nullopt;
    return text;
}

class Gathering : public std::enable_shared_from_this<Gathering> {
  public:
    Gathering(const Ask& ask, std::function<void(GatheredFlows)> done)
        : ask_(ask), done_(std::move(done)) {}

    void go_on(const std::string& question) {
        ++pages_;
        ask_("flows", question,
             [self = shared_from_this()](const std::string& page) { self->take(page); });
    }

  private:
    void take(const std::string& text) {
        const Json page = Json::parse(text, nullptr, false);
        if (page.is_discarded() || !page.contains("rows")) {
            flows_.problem = page.is_object() ? page.value("error", "no answer") : "no answer";
            return done_(std::move(flows_));
        }
        add_rows(page, flows_.rows);
        const std::string next = page.value("next", "");
        if (next.empty()) return done_(std::move(flows_));
        if (flows_.rows.size() < most_rows && pages_ < most_flow_pages) return go_on(next);
        flows_.next = next.substr(0, next.find(' '));
        done_(std::move(flows_));
    }

    const Ask& ask_;  // the site's, which outlives what it waits for
    std::function<void(GatheredFlows)> done_;
    GatheredFlows flows_;
    unsigned pages_ = 0;
};

}  // namespace

std::optional<std::string> flow_question(std::string_view query) {
    std::string from, words;
    std::array<bool, parameters.size() + 1> is_said{};
    while (!query.empty()) {
        const std::string_view part = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(part.size() + 1, query.size()));
        const std::size_t equals = part.find('=');
        if (equals == std::string_view::npos) return std::nullopt;
        const std::string_view name = part.substr(0, equals);
        const std::optional<std::string> value = plain(part.substr(equals + 1));
        const auto known = std::find(parameters.begin(), parameters.end(), name);
        if (!value || value->empty() || (known == parameters.end() && name != "from"))
            return std::nullopt;
        if (std::exchange(is_said[static_cast<std::size_t>(known - parameters.begin())], true))
            return std::nullopt;
        if (known == parameters.end())
            from = *value;
        else
            words.append(" ").append(name).append(" ").append(*value);
    }
    return from + words;
}

void gather_flows(const Ask& ask, const std::string& question,
                  std::function<void(GatheredFlows)> done) {
    std::make_shared<Gathering>(ask, std::move(done))->go_on(question);
}

}  // namespace warren::http
