// SPDX-License-Identifier: BSD-3-Clause
#include "http/makings.h"

#include <exception>
#include <stdexcept>
#include <utility>

namespace warren::http {

Makings::Makings(WithFacts with_facts, Later later)
    : with_facts_(std::move(with_facts)), later_(std::move(later)) {}

void Makings::make(const std::string& key, const Begin& begin, const Finish& finish,
                   const Reply& reply) {
    const auto [making, is_new] = under_way_.try_emplace(key, Making{begin, finish, {}});
    making->second.waiting.push_back(reply);
    if (is_new) go_on(key);
}

void Makings::go_on(const std::string& key) {
    Making& making = under_way_.at(key);
    Answer answer;
    try {
        if (step(making)) return later_([this, key] { go_on(key); });
        answer = making.finish(making.document->take());
    } catch (const std::exception& error) {
        answer = text_answer(500, std::string(error.what()) + "\n");
    }
    end(key, answer);
}

bool Makings::step(Making& making) {
    return with_facts_([&](const metrics::Facts& facts) {
        if (making.document == nullptr || making.reloads != facts.reloads.taken) {
            if (++making.beginnings > most_beginnings)
                throw std::runtime_error("reloads come faster than it is made");
            making.document = making.begin();
            making.reloads = facts.reloads.taken;
        }
        return making.document->step(facts);
    });
}

// Whoever is answered may ask again at once.
void Makings::end(const std::string& key, const Answer& answer) {
    reply_to_last(std::move(under_way_.extract(key).mapped().waiting), answer);
}

// One a turn: the kernel takes a part of each answer at once.
void Makings::reply_to_last(std::vector<Reply> waiting, const Answer& answer) {
    const Reply reply = std::move(waiting.back());
    waiting.pop_back();
    if (!waiting.empty())
        later_([this, waiting = std::move(waiting), answer] { reply_to_last(waiting, answer); });
    reply(answer);
}

}  // namespace warren::http
