// SPDX-License-Identifier: BSD-3-Clause
#include "http/site.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "http/view_pages.h"
#include "metrics/haproxy_csv.h"
#include "metrics/metrics.h"
#include "page/page.h"
#include "views/event_rows.h"
#include "views/views.h"

namespace warren::http {
namespace {

using views::Json;

constexpr std::size_t most_made = 8;
constexpr std::string_view api_prefix = "/api/1/";
constexpr std::string_view json = "application/json";
constexpr std::string_view plain_text = "text/plain; charset=utf-8";
constexpr std::string_view exposition = "text/plain; version=0.0.4; charset=utf-8";
constexpr std::string_view flows_path = "/api/1/flows";
constexpr std::string_view primary_path = "/primary";

// "name=value" as the whole query. Nothing if it is another, "" if there is none.
std::optional<std::string_view> parameter(std::string_view query, std::string_view name) {
    if (query.empty()) return query;
    if (!query.starts_with(name) || !query.substr(name.size()).starts_with('=')) return {};
    return query.substr(name.size() + 1);
}

Answer of_type(std::string_view type, std::string text) {
    Answer answer = text_answer(200, std::move(text));
    answer.type = type;
    return answer;
}

// Nothing is 0.
bool read_number(std::string_view text, std::uint64_t& number) {
    if (text.empty()) return true;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    return read.ec == std::errc() && read.ptr == text.data() + text.size();
}

// The newest from number `since` on.
std::uint64_t newest(std::uint64_t since, std::uint64_t end) {
    return std::max(since, end - std::min(end, most_rows));
}

// What a check's server said need not be UTF-8.
Answer json_text(const Json& whole) {
    return of_type(json, whole.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
}

Answer json_answer(const metrics::Facts& facts, std::string_view view, Json rows) {
    return json_text(envelope(facts, view, std::move(rows)));
}

Json rows_of(const journal::EventLog& log, std::uint64_t since) {
    Json rows = Json::array();
    log.from(std::max(since, log.newest(most_rows)), [&](const journal::Event& event) {
        rows.push_back(views::to_json(event));
        return true;
    });
    return rows;
}

Json rows_of(const history::EndedFlows& flows, std::uint64_t since) {
    Json rows = Json::array();
    flows.from(newest(since, flows.end()), [&](const history::EndedFlow& flow) {
        rows.push_back(views::to_json(flow));
        return true;
    });
    return rows;
}

// What an answer is made of the question for; else empty.
std::string asked_for(std::string_view path) {
    for (const std::string_view what : {"why", "explain", "history", "flow_count"})
        if (path.starts_with(api_prefix) && path.substr(api_prefix.size()) == what)
            return std::string(what);
    return {};
}

// One whose rows may be thousands.
const views::View* long_view(std::string_view path) {
    if (!path.starts_with(api_prefix)) return nullptr;
    for (const views::View& view : views::all_views())
        if (path.substr(api_prefix.size()) == view.name && view.rows != nullptr &&
            view.page != nullptr)
            return &view;
    return nullptr;
}

Answer health(const metrics::Facts& facts) {
    if (facts.manager_lag_ns >= most_lag_ns)
        return text_answer(503,
                           "late by " + std::to_string(facts.manager_lag_ns / 1'000'000) + " ms\n");
    return text_answer(200, "ok\n");
}

Answer primary(const metrics::Facts& facts, std::string_view router) {
    const auto& routers = facts.view.state.routers;
    // The host's own addresses say nothing of who is master, unless there is nothing else.
    const bool has_vrrp = std::any_of(routers.begin(), routers.end(), model::speaks_vrrp);
    bool is_known = false;
    std::string text;
    bool is_master = true;
    for (const model::RouterState& one : routers) {
        if (!is_served(one) || (!router.empty() && one.config->name != router)) continue;
        if (router.empty() && has_vrrp && !speaks_vrrp(one)) continue;
        is_known = true;
        is_master &= model::is_master(one);
        text.append(one.config->name).append(" ").append(vrrp::name(one.status.state)) += '\n';
    }
    if (!is_known) return text_answer(404, "there is no such router\n");
    return text_answer(is_master ? 200 : 503, std::move(text));
}

}  // namespace

Site::Site(WithFacts with_facts, const history::EndedFlows& ended, Ask ask, Later later)
    : with_facts_(std::move(with_facts)),
      ended_(ended),
      ask_(std::move(ask)),
      makings_(
          [this](const Makings::Step& step) {
              bool goes_on = false;
              with_facts_([&](const metrics::Facts& facts) {
                  goes_on = step(facts);
                  return Answer{};
              });
              return goes_on;
          },
          std::move(later)) {}

void Site::answer(const Question& question, const Reply& reply) {
    if (question.path == flows_path)
        flows(question, reply);
    else if (const std::string what = asked_for(question.path); !what.empty())
        ask(what, question, reply);
    else if (question.path == "/metrics")
        metrics(question, reply);
    else if (question.path == "/haproxy;csv")
        make("csv", plain_text, std::make_unique<metrics::HaproxyCsv>, reply);
    else if (const views::View* view = long_view(question.path); view != nullptr)
        make(
            view->name, json, [view] { return std::make_unique<ViewDocument>(*view); }, reply);
    else
        reply(answer_now(question));
}

Answer Site::answer_now(const Question& question) {
    const std::string_view path = question.path;
    if (path == "/") return page();
    if (path == "/health") return with_facts_(health);
    if (path == primary_path || path.starts_with("/primary/"))
        return with_facts_([&](const metrics::Facts& facts) {
            return primary(facts, path.substr(std::min(primary_path.size() + 1, path.size())));
        });
    if (path.starts_with(api_prefix)) return view(path.substr(api_prefix.size()), question);
    return text_answer(404, "there is /, /metrics, /health, /primary, /api/1/, /haproxy;csv\n");
}

const Answer* Site::made_just_now(const std::string& key) const {
    const auto made = made_.find(key);
    const bool is_fresh = made != made_.end() && Clock::now() - made->second.when < freshness;
    return is_fresh ? &made->second.answer : nullptr;
}

Answer Site::fresh(const std::string& key, const Look& look) {
    if (const Answer* made = made_just_now(key)) return *made;
    Answer answer = with_facts_(look);
    keep(key, answer);
    return answer;
}

// The oldest makes room; keys are few, for each names something that there is.
void Site::keep(const std::string& key, const Answer& answer) {
    if (!made_.contains(key) && made_.size() >= most_made)
        made_.erase(std::min_element(made_.begin(), made_.end(), [](const auto& a, const auto& b) {
            return a.second.when < b.second.when;
        }));
    made_[key] = {Clock::now(), answer};
}

// Once a second at most, whoever asks.
void Site::make(const std::string& key, std::string_view type, const Makings::Begin& begin,
                const Reply& reply) {
    if (const Answer* made = made_just_now(key)) return reply(*made);
    const auto finish = [this, key, type](std::string text) {
        Answer answer = of_type(type, std::move(text));
        keep(key, answer);
        return answer;
    };
    makings_.make(key, begin, finish, reply);
}

void Site::metrics(const Question& question, const Reply& reply) {
    const std::optional<std::string_view> list = parameter(question.query, "scope");
    const std::optional<metrics::Scopes> scopes = list ? metrics::read_scopes(*list) : std::nullopt;
    if (!scopes)
        return reply(
            text_answer(400, "scope is a list of process,vrrp,service,server,worker,port\n"));
    make(
        "metrics " + std::to_string(*scopes), exposition,
        [scopes] { return std::make_unique<metrics::Scrape>(*scopes); }, reply);
}

Answer Site::page() {
    Answer answer = fresh("page", [](const metrics::Facts& facts) {
        return of_type("text/html; charset=utf-8", page::render(facts));
    });
    answer.policy = page::content_security_policy();
    return answer;
}

void Site::flows(const Question& question, const Reply& reply) {
    const std::optional<std::string> words = flow_question(question.query);
    if (!words)
        return reply(text_answer(
            400, "flows takes client, server, service, local, state, idle, older and from\n"));
    gather_flows(ask_, *words, [this, reply](GatheredFlows flows) {
        if (!flows.problem.empty()) {
            const bool is_busy = flows.problem.starts_with("too many");
            return reply(text_answer(is_busy ? 503 : 400, flows.problem + "\n"));
        }
        reply(with_facts_([&](const metrics::Facts& facts) {
            Json whole = envelope(facts, "flows", std::move(flows.rows));
            whole["next"] = flows.next.empty() ? Json() : Json(flows.next);
            return json_text(whole);
        }));
    });
}

// A page of it: "next" is the question for the next one.
void Site::ask(const std::string& what, const Question& question, const Reply& reply) {
    const std::optional<std::string_view> value = parameter(question.query, "ask");
    const std::optional<std::string> words = value ? decoded(*value) : std::nullopt;
    if (!words) return reply(text_answer(400, what + " takes ask=QUESTION\n"));
    ask_(what, *words, [this, what, reply](const std::string& text) {
        const Json page = Json::parse(text, nullptr, false);
        if (page.is_discarded() || !page.contains("rows")) {
            const bool is_usage = page.is_object() && page.contains("usage");
            const std::string problem =
                page.is_object() ? page.value("error", "no answer") : "no answer";
            return reply(text_answer(is_usage ? 400 : 503, problem + "\n"));
        }
        Json rows = Json::array();
        add_rows(page, rows);
        reply(with_facts_([&](const metrics::Facts& facts) {
            Json whole = envelope(facts, what, std::move(rows));
            whole["next"] = page.contains("next") ? page["next"] : Json();
            return json_text(whole);
        }));
    });
}

Answer Site::view(std::string_view name, const Question& question) {
    if (name == "events" || name == "ended") {
        const std::optional<std::string_view> from = parameter(question.query, "since");
        std::uint64_t since = 0;
        if (!from || !read_number(*from, since))
            return text_answer(400, "since is a row's number\n");
        return fresh(
            std::string(name) + " " + std::to_string(since), [&](const metrics::Facts& facts) {
                return json_answer(
                    facts, name,
                    name == "events" ? rows_of(facts.events, since) : rows_of(ended_, since));
            });
    }
    for (const views::View& candidate : views::all_views())
        if (name == candidate.name && candidate.rows != nullptr)
            return fresh(candidate.name, [&](const metrics::Facts& facts) {
                return json_answer(facts, candidate.name, candidate.rows(facts.view));
            });
    return text_answer(404, "there is no such view\n");
}

}  // namespace warren::http
