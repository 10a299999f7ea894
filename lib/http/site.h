// SPDX-License-Identifier: BSD-3-Clause
// Which path shows what. Whatever takes long to make is made once a second at most, whoever asks.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "history/ended_flows.h"
#include "http/connection.h"
#include "http/flow_pages.h"
#include "http/makings.h"
#include "http/message.h"
#include "metrics/facts.h"
#include "views/views.h"

namespace warren::http {

inline constexpr std::chrono::seconds freshness{1};

// The manager's loop is later than this: it does not answer in time, and /health says so.
inline constexpr std::uint64_t most_lag_ns = 1'000'000'000;

class Site {
  public:
    using Look = std::function<Answer(const metrics::Facts& facts)>;
    // Calls it at once with what is known now.
    using WithFacts = std::function<Answer(const Look& look)>;

    // `ended` outlives the site, and the site whom it asks, and what waits for later.
    Site(WithFacts with_facts, const history::EndedFlows& ended, Ask ask, Later later);

    // Of flows the workers' answer is waited for; of thousands of servers the loop has its turns.
    void answer(const Question& question, const Reply& reply);

  private:
    using Clock = std::chrono::steady_clock;
    struct Made {
        Clock::time_point when{};
        Answer answer;
    };

    Answer answer_now(const Question& question);
    void flows(const Question& question, const Reply& reply);
    void ask(const std::string& what, const Question& question, const Reply& reply);
    void make(const std::string& key, std::string_view type, const Makings::Begin& begin,
              const Reply& reply);
    const Answer* made_just_now(const std::string& key) const;
    void keep(const std::string& key, const Answer& answer);
    Answer fresh(const std::string& key, const Look& look);
    void metrics(const Question& question, const Reply& reply);
    Answer page();
    Answer view(std::string_view name, const Question& question);

    WithFacts with_facts_;
    const history::EndedFlows& ended_;
    Ask ask_;
    Makings makings_;
    std::map<std::string, Made> made_;  // most_made at most
};

}  // namespace warren::http
