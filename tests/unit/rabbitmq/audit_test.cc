// SPDX-License-Identifier: BSD-3-Clause
#include "rabbitmq/audit.h"

#include <gtest/gtest.h>

namespace warren::rabbitmq {
namespace {

const char* const three_nodes = R"([{"name":"a"},{"name":"b"},{"name":"c"}])";

// A cluster without fault but for what a case puts there.
Answers with(Subject subject, const std::string& body) {
    Answers answers{three_nodes, "[]", "[]", "[]", "[]"};
    answers[static_cast<std::size_t>(subject)] = body;
    return answers;
}

std::string found(const Answers& answers, const std::vector<std::string>& vips = {}) {
    std::string all;
    for (const AuditFinding& finding : audit(answers, vips).findings)
        all += std::string(to_string(finding.rule)) + " " + finding.what + "\n";
    return all;
}

std::string of_queue(const std::string& fields) {
    return found(with(Subject::queues, R"([{"name":"q","vhost":"/",)" + fields + "}]"));
}

TEST(Audit, ACleanCluster) {
    const AuditReport report = audit(with(Subject::queues, "[]"), {});
    EXPECT_TRUE(report.findings.empty());
    EXPECT_TRUE(report.unknown.empty());
}

TEST(Audit, FewNodes) {
    EXPECT_EQ(found(with(Subject::nodes, R"([{"name":"a"},{"name":"b"}])")),
              "few_nodes the cluster\n");
    EXPECT_EQ(found(with(Subject::nodes, R"([{"name":"a"}])")), "few_nodes the cluster\n");
}

TEST(Audit, Queues) {
    EXPECT_EQ(of_queue(R"("durable":false,"type":"classic")"), "transient_queue queue q in /\n");
    EXPECT_EQ(of_queue(R"("durable":false,"exclusive":true)"), "") << "gone with its client anyway";
    EXPECT_EQ(of_queue(R"("durable":true,"type":"classic")"), "single_replica queue q in /\n");
    const std::string mirrored =
        R"("durable":true,"type":"classic","slave_nodes":["b"],"synchronised_slave_nodes":["b"],)"
        R"("effective_policy_definition":{"ha-promote-on-failure":"when-synced"})";
    EXPECT_EQ(of_queue(mirrored), "");
    EXPECT_EQ(of_queue(mirrored + R"(,"messages":5,"messages_persistent":3)"),
              "transient_messages queue q in /\n");
    EXPECT_EQ(of_queue(R"("durable":true,"slave_nodes":["b"],"synchronised_slave_nodes":[])"),
              "unsynchronised queue q in /\npromotes_unsynced queue q in /\n");
}

TEST(Audit, QuorumQueues) {
    const std::string whole = R"("durable":true,"type":"quorum","members":["a","b","c"],)";
    EXPECT_EQ(of_queue(whole + R"("online":["a","b","c"])"), "");
    EXPECT_EQ(of_queue(whole + R"("online":["a","b"])"), "unsynchronised queue q in /\n");
    EXPECT_EQ(of_queue(R"("durable":true,"type":"quorum","members":["a"],"online":["a"])"),
              "single_replica queue q in /\n");
}

TEST(Audit, LeadersOnOneNode) {
    const auto queues = [](const std::string& third) {
        std::string body = "[";
        for (const std::string& leader : {std::string("a"), std::string("a"), third})
            body += (body.size() > 1 ? "," : "") +
                    (R"({"durable":true,"type":"quorum","members":["a","b","c"],)"
                     R"("online":["a","b","c"],"leader":")" +
                     leader + "\"}");
        return with(Subject::queues, body + "]");
    };
    EXPECT_EQ(found(queues("a")), "leaders_on_one_node a\n");
    EXPECT_EQ(found(queues("b")), "");
}

TEST(Audit, Exchanges) {
    EXPECT_EQ(found(with(Subject::exchanges,
                         R"([{"name":"","durable":true},{"name":"amq.x","durable":false},)"
                         R"({"name":"e","vhost":"/","durable":false}])")),
              "transient_exchange exchange e in /\n");
}

TEST(Audit, ClientsThatBypassTheVip) {
    const Answers answers =
        with(Subject::connections, R"([{"peer_host":"192.0.2.100"},{"peer_host":"192.0.2.7"}])");
    EXPECT_EQ(found(answers, {"192.0.2.100"}), "bypasses_vip client 192.0.2.7\n");
    const Answers checks =
        with(Subject::connections,
             R"([{"peer_host":"192.0.2.4","user_provided_name":"warren checks 192.0.2.11"}])");
    EXPECT_EQ(found(checks, {"192.0.2.100"}), "") << "our own AMQP_CHECK";
    EXPECT_EQ(found(answers), "") << "nodes see the clients themselves";
}

TEST(Audit, Consumers) {
    EXPECT_EQ(found(with(Subject::consumers, R"([{"ack_required":true},{"ack_required":false,)"
                                             R"("queue":{"name":"q","vhost":"/"}}])")),
              "consumer_without_ack queue q in /\n");
}

TEST(Audit, WhatIsNoListIsUnknown) {
    for (const char* body : {"", "{", "7", "{}"}) {
        const AuditReport report = audit(with(Subject::consumers, body), {});
        EXPECT_EQ(report.unknown, std::vector<Subject>{Subject::consumers}) << body;
    }
    EXPECT_EQ(found(with(Subject::queues, R"([7,null,[],"x"])")), "") << "no objects";
}

TEST(Audit, FindingsAreBounded) {
    std::string body = "[";
    for (int i = 0; i < 500; ++i)
        body += std::string(i == 0 ? "" : ",") + R"({"name":"e","durable":false})";
    EXPECT_EQ(audit(with(Subject::exchanges, body + "]"), {}).findings.size(), most_findings);
}

}  // namespace
}  // namespace warren::rabbitmq
