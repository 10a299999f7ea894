// SPDX-License-Identifier: BSD-3-Clause
// What takes long to make, made step by step: between two steps the loop does what else there is to
// do, so that a check or a command waits for a step, not for all. Whoever asks meanwhile for the
// same gets the same bytes. After a reload it is begun again: no answer is of two configurations.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "http/connection.h"
#include "http/message.h"
#include "metrics/document.h"

namespace warren::http {

// Calls it from the loop, when it has done what waits already.
using Later = std::function<void(std::function<void()>)>;

class Makings {
  public:
    using Begin = std::function<std::unique_ptr<metrics::Document>()>;
    using Finish = std::function<Answer(std::string text)>;
    // Whether there is more to do.
    using Step = std::function<bool(const metrics::Facts& facts)>;
    // Calls it at once with what is known now, and returns what it does.
    using WithFacts = std::function<bool(const Step& step)>;

    // How often reloads may interrupt one.
    static constexpr unsigned most_beginnings = 8;

    // Outlives what waits for later.
    Makings(WithFacts with_facts, Later later);

    void make(const std::string& key, const Begin& begin, const Finish& finish, const Reply& reply);

  private:
    struct Making {
        Begin begin;
        Finish finish;
        std::vector<Reply> waiting;
        std::unique_ptr<metrics::Document> document{};  // null: not begun
        std::uint64_t reloads = 0;                      // when it was begun
        unsigned beginnings = 0;
    };

    void go_on(const std::string& key);
    bool step(Making& making);
    void end(const std::string& key, const Answer& answer);
    void reply_to_last(std::vector<Reply> waiting, const Answer& answer);

    WithFacts with_facts_;
    Later later_;
    std::map<std::string, Making> under_way_;  // at most one of each connection
};

}  // namespace warren::http
