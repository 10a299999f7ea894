// SPDX-License-Identifier: BSD-3-Clause
#include "rabbitmq/survey.h"

#include <algorithm>
#include <cstdlib>

#include "rabbitmq/fields.h"

namespace warren::rabbitmq {
namespace {

constexpr unsigned ok = 200;
constexpr unsigned unauthorized = 401;
constexpr unsigned not_found = 404;
constexpr unsigned check_failed = 503;

constexpr const char* login_refused =
    "the management API refuses the login: see its username and password; the user needs the tag "
    "monitoring";
constexpr const char* see_url = ": see the check's url or connect_port";

// Nothing that is not JSON is worth an exception.
Json parsed(std::string_view body) {
    return Json::parse(body, nullptr, false);
}

std::optional<Usage> usage_in(const Json& object, const char* used, const char* limit) {
    const std::optional<std::uint64_t> count = number_in(object, used);
    if (!count) return std::nullopt;
    return Usage{*count, number_in(object, limit).value_or(0)};
}

NodeType type_in(const Json& node) {
    const std::string type = text_in(node, "type");
    if (type == "disc") return NodeType::disc;
    return type == "ram" ? NodeType::ram : NodeType::unknown;
}

bool names(const Json& queue, const char* key, const std::string& node) {
    const auto found = queue.find(key);
    return found != queue.end() && found->is_array() &&
           std::any_of(found->begin(), found->end(), [&](const Json& n) { return n == node; });
}

// "rabbit@rabbit1" in a path; names have nothing that JSON's and HTTP's rules would not both pass.
bool is_node_name(const std::string& name) {
    const auto is_plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '@' || c == '.' || c == '-' || c == '_';
    };
    return !name.empty() && std::all_of(name.begin(), name.end(), is_plain);
}

// {"status":"failed","reason":"..."}
std::string reason_in(std::string_view body, const char* otherwise) {
    const std::string reason = text_in(parsed(body), "reason");
    return reason.empty() ? otherwise : reason;
}

// {"reason":"...","alarms":[{"node":"rabbit@rabbit2","resource":"disk space"}]}: whose they are.
std::string alarms_in(std::string_view body) {
    constexpr std::size_t most = 3;
    const Json check = parsed(body);
    if (!check.is_object() || !check.contains("alarms") || !check["alarms"].is_array())
        return reason_in(body, "resource alarm");
    std::string all;
    std::size_t count = 0;
    for (const Json& alarm : check["alarms"]) {
        if (!alarm.is_object() || text_in(alarm, "resource").empty()) continue;
        if (++count > most) return all + ", …";
        const std::string resource = text_in(alarm, "resource");
        all += (all.empty() ? "" : ", ") + (resource == "disk space" ? "disk" : resource) +
               " alarm of " + text_in(alarm, "node");
    }
    return all.empty() ? reason_in(body, "resource alarm") : all;
}

int major_version(const std::string& version) {
    return std::atoi(version.c_str());
}

}  // namespace

std::optional<std::string> Survey::next() const {
    switch (step_) {
        case Step::overview:
            return "/api/overview?columns=node,cluster_name,rabbitmq_version";
        case Step::ready:
            return "/api/health/checks/ready-to-serve-clients";
        case Step::in_service:
            return "/api/health/checks/is-in-service";
        case Step::alarms:
            return "/api/health/checks/alarms";
        case Step::quorum_critical:
            return "/api/health/checks/node-is-quorum-critical";
        case Step::nodes:
            return "/api/nodes?columns=name,running,type,mem_used,mem_limit,mem_alarm,"
                   "disk_free_alarm,fd_used,fd_total,sockets_used,sockets_total,run_queue,"
                   "being_drained";
        case Step::mirrors:
            return "/api/queues?page=1&page_size=" + std::to_string(most_queues) +
                   "&disable_stats=true&columns=slave_nodes,synchronised_slave_nodes";
        case Step::over:
            break;
    }
    return std::nullopt;
}

void Survey::take(unsigned status, std::string_view body) {
    const bool failed = status == check_failed;
    switch (step_) {
        case Step::overview:
            if (status != ok) {
                problem_ = status == unauthorized
                               ? std::string(login_refused)
                               : "the management API answers " + std::to_string(status) +
                                     (status == not_found ? see_url : "");
                break;
            }
            take_overview(body);
            break;
        case Step::ready:
        case Step::in_service:
            if (failed) not_in_service_ = reason_in(body, "not in service");
            if (status == ok || failed) facts_.is_in_service = !failed;
            break;
        case Step::alarms:
            if (failed) alarm_ = alarms_in(body);
            knows_alarms_ = status == ok || failed;
            break;
        case Step::quorum_critical:
            if (status == ok || failed) facts_.is_quorum_critical = failed;
            break;
        case Step::nodes:
            if (status == ok) take_nodes(body);
            break;
        case Step::mirrors:
            if (status == ok) take_mirrors(body);
            break;
        case Step::over:
            break;
    }
    advance();
}

// A later step only where the ones before it have not told all of it.
void Survey::advance() {
    if (step_ == Step::over) return;
    step_ = static_cast<Step>(static_cast<int>(step_) + 1);
    if (!problem_.empty()) step_ = Step::over;
    if (step_ == Step::in_service && facts_.is_in_service) step_ = Step::alarms;
    const bool has_mirrors = scope_.mirrors && major_version(facts_.version) < 4;
    if (step_ == Step::mirrors && !has_mirrors) step_ = Step::over;
}

void Survey::take_overview(std::string_view body) {
    const Json overview = parsed(body);
    facts_.name = text_in(overview, "node");
    facts_.version = text_in(overview, "rabbitmq_version");
    facts_.cluster_name = text_in(overview, "cluster_name");
    if (!is_node_name(facts_.name))
        problem_ = std::string("is no management API of RabbitMQ") + see_url;
}

// A member that this node does not hear is not running.
void Survey::take_nodes(std::string_view body) {
    const Json nodes = parsed(body);
    if (!nodes.is_array()) return;
    Usage members;
    for (const Json& node : nodes) {
        if (!node.is_object()) continue;
        ++members.limit;
        members.used += truth_in(node, "running").value_or(false) ? 1 : 0;
        if (text_in(node, "name") == facts_.name) take_node(node);
    }
    if (members.used != 0) facts_.members = members;
}

void Survey::take_node(const Json& node) {
    facts_.type = type_in(node);
    facts_.memory_alarm = truth_in(node, "mem_alarm");
    facts_.disk_alarm = truth_in(node, "disk_free_alarm");
    facts_.memory = usage_in(node, "mem_used", "mem_limit");
    facts_.descriptors = usage_in(node, "fd_used", "fd_total");
    facts_.sockets = usage_in(node, "sockets_used", "sockets_total");
    facts_.run_queue = number_in(node, "run_queue");
    // Before 3.9 or so nothing else tells of maintenance, nor of alarms to who may not see all.
    if (!facts_.is_in_service) {
        const std::optional<bool> drained = truth_in(node, "being_drained");
        if (drained) facts_.is_in_service = !*drained;
        if (drained == true) not_in_service_ = "in maintenance mode";
    }
    if (knows_alarms_) return;  // what is told of nodes is some seconds old
    if (alarm_.empty() && facts_.memory_alarm == true) alarm_ = "memory alarm";
    if (alarm_.empty() && facts_.disk_alarm == true) alarm_ = "disk alarm";
}

void Survey::take_mirrors(std::string_view body) {
    const Json page = parsed(body);
    if (!page.is_object() || !page.contains("items") || !page["items"].is_array()) return;
    const Json& queues = page["items"];
    const bool behind = std::any_of(queues.begin(), queues.end(), [this](const Json& queue) {
        return queue.is_object() && names(queue, "slave_nodes", facts_.name) &&
               !names(queue, "synchronised_slave_nodes", facts_.name);
    });
    if (behind) facts_.mirrors_in_sync = false;
    if (!behind && number_in(page, "page_count").value_or(0) <= 1) facts_.mirrors_in_sync = true;
}

}  // namespace warren::rabbitmq
