// SPDX-License-Identifier: BSD-3-Clause
// How a node is, by its management API (https://www.rabbitmq.com/docs/http-api-reference): which
// paths to ask one after the other, and what the answers mean. Pure; answers are a stranger's.
// Nothing depends on a version number but mirrors (none from 4.0 on): what a version does not have
// answers 404, and the next best is asked.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "rabbitmq/node_facts.h"

namespace warren::rabbitmq {

class Survey {
  public:
    struct Scope {
        bool mirrors = true;  // whether queues are asked for, which costs a big cluster most
    };
    // So many queues are looked at; with more nobody knows whether all mirrors are in sync.
    static constexpr int most_queues = 500;

    explicit Survey(Scope scope) : scope_(scope) {}

    // The path to ask now, of this node; nothing: the survey is over.
    std::optional<std::string> next() const;
    // The answer to next().
    void take(unsigned status, std::string_view body);

    // Why the API cannot tell how the node is; empty: it can.
    const std::string& problem() const { return problem_; }
    // Why the node takes no clients, an alarm that holds in the cluster; empty: none.
    const std::string& not_in_service() const { return not_in_service_; }
    const std::string& alarm() const { return alarm_; }
    const NodeFacts& facts() const { return facts_; }

  private:
    enum class Step : std::uint8_t {
        overview,
        ready,  // 4.1.1 and later: booted, in service, below its limit of connections
        in_service,
        alarms,
        quorum_critical,
        nodes,
        mirrors,
        over,
    };

    void take_overview(std::string_view body);
    void take_nodes(std::string_view body);
    void take_node(const nlohmann::json& node);
    void take_mirrors(std::string_view body);
    void advance();

    Scope scope_;
    Step step_ = Step::overview;
    NodeFacts facts_;
    std::string problem_;
    std::string not_in_service_;
    std::string alarm_;
    bool knows_alarms_ = false;
};

}  // namespace warren::rabbitmq
