// SPDX-License-Identifier: BSD-3-Clause
#include "rabbitmq/audit.h"

#include <algorithm>
#include <map>
#include <set>

#include "rabbitmq/fields.h"

namespace warren::rabbitmq {
namespace {

std::size_t count_in(const Json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_array() ? found->size() : 0;
}

std::string place_of(const char* kind, const Json& object) {
    return std::string(kind) + " " + text_in(object, "name") + " in " + text_in(object, "vhost");
}

class Audit {
  public:
    Audit(const Answers& answers, const std::vector<std::string>& vips)
        : vips_(vips.begin(), vips.end()) {
        for (std::size_t i = 0; i < subject_count; ++i)
            lists_[i] = list_of(static_cast<Subject>(i), answers[i]);
    }
    AuditReport run() {
        check_nodes();
        for (const Json& queue : list(Subject::queues))
            check_queue(queue);
        check_leaders();
        for (const Json& exchange : list(Subject::exchanges))
            check_exchange(exchange);
        for (const Json& connection : list(Subject::connections))
            check_connection(connection);
        for (const Json& consumer : list(Subject::consumers))
            check_consumer(consumer);
        return std::move(report_);
    }

  private:
    // Only what are objects is kept.
    Json list_of(Subject subject, const std::string& body) {
        Json all = Json::parse(body, nullptr, false), list = Json::array();
        if (all.is_array()) {
            for (Json& one : all)
                if (one.is_object()) list.push_back(std::move(one));
        } else {
            report_.unknown.push_back(subject);
        }
        return list;
    }
    const Json& list(Subject subject) const { return lists_[static_cast<std::size_t>(subject)]; }

    void find(Rule rule, std::string what, std::string why) {
        if (++counts_[static_cast<std::size_t>(rule)] <= most_findings)
            report_.findings.push_back({rule, std::move(what), std::move(why)});
    }

    void check_nodes() {
        const std::size_t nodes = list(Subject::nodes).size();
        if (nodes == 1) find(Rule::few_nodes, "the cluster", "has one node");
        if (nodes == 2)
            find(Rule::few_nodes, "the cluster",
                 "has two nodes: without either there is no majority");
    }

    void check_queue(const Json& queue) {
        if (truth_in(queue, "exclusive").value_or(false)) return;
        const std::string name = place_of("queue", queue);
        if (!truth_in(queue, "durable").value_or(false))
            return find(Rule::transient_queue, name, "is not durable: it is gone with its node");
        const std::string type = text_in(queue, "type");
        if (type == "quorum" || type == "stream") return check_members(queue, name);
        check_mirrors(queue, name);
        const std::uint64_t all = number_in(queue, "messages").value_or(0);
        const std::uint64_t kept = number_in(queue, "messages_persistent").value_or(0);
        if (queue.contains("messages_persistent") && all > kept)
            find(Rule::transient_messages, name,
                 std::to_string(all - kept) + " of its messages are not persistent");
    }

    void check_members(const Json& queue, const std::string& name) {
        const std::size_t members = count_in(queue, "members"), online = count_in(queue, "online");
        if (members == 1) find(Rule::single_replica, name, "has one member");
        if (online < members)
            find(Rule::unsynchronised, name,
                 std::to_string(members - online) + " of its " + std::to_string(members) +
                     " members are away");
        ++leaders_[text_in(queue, "leader")];
    }

    void check_mirrors(const Json& queue, const std::string& name) {
        const std::size_t mirrors = count_in(queue, "slave_nodes");
        const std::size_t in_sync = count_in(queue, "synchronised_slave_nodes");
        if (mirrors == 0) return find(Rule::single_replica, name, "is on one node only");
        if (in_sync < mirrors)
            find(Rule::unsynchronised, name,
                 std::to_string(mirrors - in_sync) + " of its mirrors lack messages");
        const auto policy = queue.find("effective_policy_definition");
        const bool is_safe = policy != queue.end() && policy->is_object() &&
                             text_in(*policy, "ha-promote-on-failure") == "when-synced";
        if (!is_safe)
            find(Rule::promotes_unsynced, name,
                 "a crash may promote a mirror that lacks confirmed messages: "
                 "ha-promote-on-failure is to be when-synced");
        ++leaders_[text_in(queue, "node")];
    }

    // One or two queues have to be somewhere.
    void check_leaders() {
        constexpr std::size_t telling = 3;
        if (leaders_.size() == 1 && leaders_.begin()->second >= telling &&
            list(Subject::nodes).size() > 1)
            find(Rule::leaders_on_one_node, leaders_.begin()->first,
                 "leads all " + std::to_string(leaders_.begin()->second) + " replicated queues");
    }

    void check_exchange(const Json& exchange) {
        const std::string name = text_in(exchange, "name");
        const bool is_builtin = name.empty() || name.starts_with("amq.");
        if (!is_builtin && !truth_in(exchange, "durable").value_or(false) &&
            !truth_in(exchange, "auto_delete").value_or(false))
            find(Rule::transient_exchange, place_of("exchange", exchange),
                 "is not durable: it is gone when the cluster stops");
    }

    void check_connection(const Json& connection) {
        const std::string peer = text_in(connection, "peer_host");
        const bool is_check = text_in(connection, "user_provided_name").starts_with(check_session);
        if (vips_.empty() || peer.empty() || vips_.contains(peer) || is_check) return;
        find(Rule::bypasses_vip, "client " + peer,
             "is connected past the VIP, as " + text_in(connection, "user"));
    }

    void check_consumer(const Json& consumer) {
        const auto acks = consumer.find("ack_required");
        if (acks == consumer.end() || !acks->is_boolean() || acks->get<bool>()) return;
        const auto queue = consumer.find("queue");
        const std::string where =
            queue != consumer.end() && queue->is_object() ? place_of("queue", *queue) : "a queue";
        find(Rule::consumer_without_ack, where,
             "a consumer acknowledges nothing: what is on its way to it is lost");
    }

    AuditReport report_;
    const std::set<std::string> vips_;
    std::array<Json, subject_count> lists_;
    std::array<std::size_t, rule_count> counts_{};
    std::map<std::string, std::size_t> leaders_;  // replicated queues by node
};

}  // namespace

const char* path_of(Subject subject) {
    switch (subject) {
        case Subject::nodes:
            return "/api/nodes?columns=name,running";
        case Subject::queues:
            return "/api/queues?columns=name,vhost,type,durable,exclusive,node,leader,members,"
                   "online,slave_nodes,synchronised_slave_nodes,effective_policy_definition,"
                   "messages,messages_persistent";
        case Subject::exchanges:
            return "/api/exchanges?columns=name,vhost,durable,auto_delete";
        case Subject::connections:
            return "/api/connections?columns=peer_host,user,user_provided_name";
        case Subject::consumers:
            return "/api/consumers?columns=ack_required,queue";
    }
    return "";
}

const char* to_string(Rule rule) {
    constexpr const char* names[] = {
        "few_nodes",      "transient_queue",     "transient_exchange", "transient_messages",
        "single_replica", "unsynchronised",      "promotes_unsynced",  "leaders_on_one_node",
        "bypasses_vip",   "consumer_without_ack"};
    static_assert(std::size(names) == rule_count);
    return names[static_cast<std::size_t>(rule)];
}

AuditReport audit(const Answers& answers, const std::vector<std::string>& vips) {
    return Audit(answers, vips).run();
}

}  // namespace warren::rabbitmq
