// SPDX-License-Identifier: BSD-3-Clause
// Answers as the documentation of each version has them; those of 3.10 are a real node's.
#include "rabbitmq/survey.h"

#include <gtest/gtest.h>

#include <map>

namespace warren::rabbitmq {
namespace {

struct Answer {
    unsigned status = 404;
    std::string body = R"({"error":"Object Not Found","reason":"Not Found"})";
};

const Answer ok{200, R"({"status":"ok"})"};

Answer overview(const std::string& version) {
    return {200, R"({"cluster_name":"rabbit@prod","node":"rabbit@rabbit1","rabbitmq_version":")" +
                     version + R"("})"};
}

Answer failed(const std::string& reason) {
    return {503, R"({"status":"failed","reason":")" + reason + R"("})"};
}

// A node of some version: paths without their query, and what they answer.
class SurveyTest : public testing::Test {
  protected:
    void use(const std::string& version) {
        node = {{"/api/overview", overview(version)},
                {"/api/health/checks/alarms", ok},
                {"/api/health/checks/node-is-quorum-critical", ok},
                {"/api/nodes", {200, R"([{"name":"rabbit@rabbit2","running":true,"type":"ram"},{
                    "name":"rabbit@rabbit1","running":true,
                    "being_drained":false,"disk_free_alarm":false,"fd_total":1048576,"fd_used":40,
                    "mem_alarm":false,"mem_limit":512000000,"mem_used":128000000,"run_queue":1,
                    "sockets_total":943626,"sockets_used":3,"type":"disc"}])"}},
                {"/api/queues", {200, R"({"page_count":1,"items":[{},{
                    "slave_nodes":["rabbit@rabbit1"],
                    "synchronised_slave_nodes":["rabbit@rabbit1"]}]})"}}};
    }
    // Of the node itself, without its name.
    void use_node(const std::string& facts) {
        node["/api/nodes"] = {200, R"([{"name":"rabbit@rabbit1",)" + facts + "}]"};
    }
    void run(bool mirrors = true) {
        survey.emplace(Survey::Scope{mirrors});
        asked.clear();
        while (const std::optional<std::string> path = survey->next()) {
            ASSERT_LT(asked.size(), 10U);
            const std::string bare = path->substr(0, path->find('?'));
            asked.push_back(bare);
            const auto found = node.find(bare);
            const Answer answer = found == node.end() ? Answer{} : found->second;
            survey->take(answer.status, answer.body);
        }
    }
    bool was_asked(const std::string& path) const {
        return std::find(asked.begin(), asked.end(), path) != asked.end();
    }

    std::map<std::string, Answer> node;
    std::optional<Survey> survey;
    std::vector<std::string> asked;
};

TEST_F(SurveyTest, FactsOfAHealthyNode) {
    use("3.10.8");
    run();
    EXPECT_EQ(survey->problem(), "");
    EXPECT_EQ(survey->not_in_service(), "");
    EXPECT_EQ(survey->alarm(), "");
    NodeFacts facts;
    facts.name = "rabbit@rabbit1";
    facts.version = "3.10.8";
    facts.cluster_name = "rabbit@prod";
    facts.type = NodeType::disc;
    facts.memory_alarm = facts.disk_alarm = false;
    facts.is_in_service = true;
    facts.is_quorum_critical = false;
    facts.mirrors_in_sync = true;
    facts.memory = Usage{128'000'000, 512'000'000};
    facts.descriptors = Usage{40, 1'048'576};
    facts.sockets = Usage{3, 943'626};
    facts.run_queue = 1;
    facts.members = Usage{2, 2};
    EXPECT_EQ(survey->facts(), facts);
}

// 3.8.0 has none of the checks of today, and its nodes say nothing of maintenance.
TEST_F(SurveyTest, OldNodesAreAskedForWhatTheyHave) {
    use("3.8.0");
    node.erase("/api/health/checks/alarms");
    node.erase("/api/health/checks/node-is-quorum-critical");
    use_node(R"("mem_alarm":true,"type":"ram")");
    run();
    EXPECT_EQ(survey->problem(), "");
    EXPECT_EQ(survey->alarm(), "memory alarm");
    EXPECT_EQ(survey->facts().type, NodeType::ram);
    EXPECT_FALSE(survey->facts().is_in_service);
    EXPECT_FALSE(survey->facts().is_quorum_critical);
    EXPECT_FALSE(survey->facts().memory);
}

// 3.10 and 3.13: is-in-service is not there, the node tells.
TEST_F(SurveyTest, MaintenanceWithoutACheckForIt) {
    use("3.13.7");
    use_node(R"("being_drained":true)");
    run();
    EXPECT_EQ(survey->not_in_service(), "in maintenance mode");
    EXPECT_EQ(survey->facts().is_in_service, false);
}

TEST_F(SurveyTest, IsInServiceWhereItIs) {
    use("4.0.5");
    node["/api/health/checks/is-in-service"] = failed("this rabbit is in maintenance mode");
    run();
    EXPECT_EQ(survey->not_in_service(), "this rabbit is in maintenance mode");
    EXPECT_FALSE(was_asked("/api/queues")) << "4.0 has no mirrors";
}

TEST_F(SurveyTest, ReadyToServeClientsSaysAll) {
    use("4.1.4");
    node["/api/health/checks/ready-to-serve-clients"] = ok;
    run();
    EXPECT_EQ(survey->facts().is_in_service, true);
    EXPECT_FALSE(was_asked("/api/health/checks/is-in-service"));
    node["/api/health/checks/ready-to-serve-clients"] = failed("connection limit reached");
    run();
    EXPECT_EQ(survey->not_in_service(), "connection limit reached");
    EXPECT_EQ(survey->facts().is_in_service, false);
}

// 4.3 has neither node types nor a limit of sockets.
TEST_F(SurveyTest, WhatAVersionDoesNotSayIsNotKnown) {
    use("4.3.0");
    use_node(R"("mem_used":5,"sockets_used":"many")");
    run();
    EXPECT_EQ(survey->facts().type, NodeType::unknown);
    EXPECT_EQ(survey->facts().memory, (Usage{5, 0}));
    EXPECT_FALSE(survey->facts().sockets);
}

TEST_F(SurveyTest, Alarms) {
    use("3.10.8");
    node["/api/health/checks/alarms"] = failed("resource alarm(s) in effect");
    run();
    EXPECT_EQ(survey->alarm(), "resource alarm(s) in effect");
    EXPECT_EQ(survey->facts().memory_alarm, false) << "it is another node's";
    // A real node's words.
    const std::string disk = R"({"node":"rabbit@rabbit2","resource":"disk space"})";
    const auto told = [&](const std::string& alarms) {
        node["/api/health/checks/alarms"] = {
            503,
            R"({"alarms":[)" + alarms +
                R"(],"reason":"There are alarms in effect in the cluster","status":"failed"})"};
        run();
        return survey->alarm();
    };
    EXPECT_EQ(told(disk), "disk alarm of rabbit@rabbit2");
    EXPECT_EQ(told("7,[]"), "There are alarms in effect in the cluster");
    EXPECT_EQ(told(disk + ',' + disk + ',' + disk + ',' + disk).size(), 3 * 28 + 2 * 2 + 5);
}

// Its facts are those of some seconds ago.
TEST_F(SurveyTest, AnAlarmIsOverWhenTheCheckSaysSo) {
    use("3.10.8");
    use_node(R"("disk_free_alarm":true,"mem_alarm":true)");
    run();
    EXPECT_EQ(survey->alarm(), "");
}

TEST_F(SurveyTest, QuorumCritical) {
    use("3.13.7");
    node["/api/health/checks/node-is-quorum-critical"] = failed("some queues would lose quorum");
    run();
    EXPECT_EQ(survey->facts().is_quorum_critical, true);
    EXPECT_EQ(survey->not_in_service(), "") << "it serves";
}

// A node that is cut off from the others and keeps its port open: `ignore`, and all of 4.3.
TEST_F(SurveyTest, TheMinorityOfAPartition) {
    struct Case {
        const char* members;
        bool is_minority;
    };
    for (const Case& c : {Case{"100", true},
                          {"110", false},
                          {"10", false},
                          {"1", false},
                          {"10000", true},
                          {"1000", true},
                          {"1100", false}}) {
        use("4.3.0");
        std::string list;
        for (const char* member = c.members; *member != 0; ++member)
            list += std::string(list.empty() ? "" : ",") + R"({"name":"rabbit@rabbit)" +
                    std::to_string(member - c.members + 1) + R"(","running":)" +
                    (*member == '1' ? "true}" : "false}");
        node["/api/nodes"] = {200, "[" + list + "]"};
        run();
        EXPECT_EQ(survey->facts().is_in_minority(), c.is_minority) << c.members;
        EXPECT_EQ(survey->not_in_service(), "") << "others may be dead: somebody has to serve";
    }
    node["/api/nodes"] = {500, ""};
    run();
    EXPECT_FALSE(survey->facts().is_in_minority()) << "not known";
}

TEST_F(SurveyTest, MirrorsBehind) {
    use("3.10.8");
    node["/api/queues"].body =
        R"({"page_count":7,"items":[{"slave_nodes":["rabbit@rabbit1"],"synchronised_slave_nodes":[]}]})";
    run();
    EXPECT_EQ(survey->facts().mirrors_in_sync, false);
    node["/api/queues"].body = R"({"page_count":7,"items":[{}]})";
    run();
    EXPECT_FALSE(survey->facts().mirrors_in_sync) << "there are more queues";
    run(false);
    EXPECT_FALSE(was_asked("/api/queues"));
}

TEST_F(SurveyTest, WhatCannotTellSaysWhy) {
    node["/api/overview"] = {401, R"({"error":"not_authorised"})"};
    run();
    EXPECT_EQ(survey->problem(),
              "the management API refuses the login: see its username and password; the user needs "
              "the tag monitoring");
    EXPECT_EQ(asked.size(), 1U);
    node["/api/overview"] = {500, ""};
    run();
    EXPECT_EQ(survey->problem(), "the management API answers 500");
    for (const char* body :
         {"", "<html>", "[]", "null", R"({"node":"../../etc"})", R"({"node":7})"}) {
        node["/api/overview"] = {200, body};
        run();
        EXPECT_EQ(survey->problem(),
                  "is no management API of RabbitMQ: see the check's url or connect_port")
            << body;
    }
}

TEST_F(SurveyTest, NonsenseIsNoFact) {
    for (const char* body :
         {"", "[1,2]", "[{}]", "{", "7", R"({"items":7})", R"({"items":[7,null,"x"]})"}) {
        use("3.10.8");
        for (auto& [path, answer] : node)
            if (path != "/api/overview") answer = {200, body};
        run();
        EXPECT_EQ(survey->problem(), "") << body;
        EXPECT_FALSE(survey->facts().memory) << body;
        EXPECT_FALSE(survey->facts().members) << body;
    }
}

}  // namespace
}  // namespace warren::rabbitmq
