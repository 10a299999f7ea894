// SPDX-License-Identifier: BSD-3-Clause
// `show flows` over the channels, with a worker played by the test.
#include "telemetry/flow_listing.h"

#include <gtest/gtest.h>

#include <optional>

#include "unit/model/sample_state.h"
#include "unit/views/read_page.h"

namespace warren::telemetry {
namespace {

class Listing : public testing::Test {
  protected:
    // Answers a command as a worker does, of a table with `flows` flows and nothing else.
    void work(unsigned worker, std::uint32_t flows) {
        exchange::FlowCommand command;
        if (!exchange_.workers[worker]->commands.pop(command)) return;
        std::uint32_t at = command.from;
        for (std::uint32_t sent = 0; sent < command.most && at < flows; ++sent) {
            exchange::FlowRow row;
            row.request = command.request;
            row.client = net::IpAddress::v4(10, 0, 0, 1);
            row.client_port = net::Be16(static_cast<std::uint16_t>(at));
            row.next = ++at;
            ASSERT_TRUE(exchange_.workers[worker]->rows.push(row));
        }
        exchange::FlowRow last;
        last.request = command.request;
        last.last = true;
        last.next = at;
        ASSERT_TRUE(exchange_.workers[worker]->rows.push(last));
    }
    // One page; the workers answer once it has been asked for.
    views::Json page(const std::string& cursor, std::array<std::uint32_t, 2> flows) {
        std::optional<std::string> answer;
        listing_.request(cursor, [&](const std::string& text) { answer = text; });
        work(0, flows[0]);
        work(1, flows[1]);
        while (!answer && io_.run_one() != 0) {
        }
        io_.restart();
        return views::read_page(answer.value());
    }

    exchange::Exchange exchange_{2};
    boost::asio::io_context io_;
    history::KnownFlows known_;
    FlowListing listing_{io_, exchange_, known_};
};

TEST_F(Listing, FollowsTheCursorsThroughAllWorkers) {
    std::vector<std::string> seen;
    std::string cursor;
    for (int pages = 0; pages < 100; ++pages) {
        const views::Json answer = page(cursor, {150, 70});
        for (const views::Json& row : answer.at("rows"))
            seen.push_back(row.at("client").get<std::string>() + "/" + row.at("worker").dump());
        if (!answer.contains("next")) break;
        cursor = answer["next"].get<std::string>();
    }
    ASSERT_EQ(seen.size(), 220U);
    EXPECT_EQ(seen.front(), "10.0.0.1:0/0");
    EXPECT_EQ(seen[149], "10.0.0.1:149/0");
    EXPECT_EQ(seen[150], "10.0.0.1:0/1");
    EXPECT_EQ(seen.back(), "10.0.0.1:69/1");
}

TEST_F(Listing, EmptyTablesEndToo) {
    EXPECT_EQ(page("", {0, 0}).at("next"), "1:0");
    EXPECT_FALSE(page("1:0", {0, 0}).contains("next"));
}

TEST_F(Listing, TheWorkersGetTheQuestionAndPagesGoOnWithIt) {
    std::optional<std::string> answer;
    listing_.request("client 10.0.0.1 state established idle 5000",
                     [&](const std::string& text) { answer = text; });
    exchange::FlowCommand command;
    ASSERT_TRUE(exchange_.workers[0]->commands.pop(command));
    EXPECT_EQ(command.ask, exchange::FlowAsk::list);
    EXPECT_EQ(command.filter.client.address, net::IpAddress::v4(10, 0, 0, 1));
    EXPECT_EQ(command.filter.state, flow::TcpState::established);
    EXPECT_EQ(command.filter.idle_ms, 5'000U);
    exchange::FlowRow last;
    last.request = command.request;
    last.last = true;
    ASSERT_TRUE(exchange_.workers[0]->rows.push(last));
    while (!answer && io_.run_one() != 0) {
    }
    EXPECT_EQ(views::Json::parse(answer.value()).at("next"),
              "1:0 client 10.0.0.1 state established idle 5000");
}

TEST_F(Listing, AgesAreTheManagersToKnow) {
    const std::int64_t now_ms = journal::system_ms();
    known_.begin({net::IpAddress::v4(10, 0, 0, 1), 0, 0}, {.began_ms = now_ms - 5'000});
    known_.begin({net::IpAddress::v4(10, 0, 0, 1), 1, 0}, {.began_ms = now_ms - 3'600'000});
    known_.begin({net::IpAddress::v4(10, 0, 0, 1), 2, 0}, {.began_ms = now_ms - 5'000});
    known_.end({net::IpAddress::v4(10, 0, 0, 1), 2, 0}, "client_fin", now_ms);
    const views::Json rows = page("", {3, 0}).at("rows");
    ASSERT_EQ(rows.size(), 3U);
    EXPECT_NEAR(rows[0].at("age_ms").get<double>(), 5'000, 1'000);
    EXPECT_TRUE(rows[2].at("age_ms").is_null()) << "that was another of the same name";
    const views::Json old = page("older 600000", {3, 0});
    ASSERT_EQ(old.at("rows").size(), 2U);
    EXPECT_EQ(old.at("rows")[0].at("client"), "10.0.0.1:1");
    EXPECT_EQ(old.at("next"), "1:0 older 600000");
    std::string answer;
    listing_.reset("older 1", nullptr, [&](const std::string& text) { answer = text; });
    EXPECT_TRUE(views::Json::parse(answer).contains("error")) << "workers do not know";
}

TEST_F(Listing, CountsAreSumsOfAllWorkers) {
    std::optional<std::string> answer;
    listing_.count(
        "service 10.0.0.100:5672", [](std::uint64_t flows) { return std::to_string(flows); },
        [&](const std::string& text) { answer = text; });
    for (const unsigned worker : {0U, 1U}) {
        exchange::FlowCommand command;
        while (!exchange_.workers[worker]->commands.pop(command))
            ASSERT_NE(io_.run_one(), 0U);
        EXPECT_EQ(command.ask, exchange::FlowAsk::count);
        EXPECT_EQ(command.filter.service.port, net::Be16(5672));
        exchange::FlowRow last;
        last.request = command.request;
        last.last = true;
        last.count = 20 + worker;
        ASSERT_TRUE(exchange_.workers[worker]->rows.push(last));
    }
    while (!answer && io_.run_one() != 0) {
    }
    EXPECT_EQ(answer, "41");
}

TEST_F(Listing, AQuestionThatIsNoneIsRefused) {
    for (const char* wrong :
         {"client rabbit", "client", "state open", "idle soon", "older x", "colour red"}) {
        std::string answer;
        listing_.reset(
            wrong, [](std::uint64_t) { return std::string("done"); },
            [&](const std::string& text) { answer = text; });
        EXPECT_TRUE(views::Json::parse(answer).contains("error")) << wrong;
    }
}

TEST_F(Listing, AForeignCursorIsAnError) {
    EXPECT_TRUE(page("7:0", {0, 0}).contains("error"));
}

TEST_F(Listing, AWorkerThatDoesNotAnswerIsAnErrorAndItsLateRowsAreDropped) {
    std::optional<std::string> answer;
    listing_.request("", [&](const std::string& text) { answer = text; });
    while (!answer && io_.run_one() != 0) {
    }
    io_.restart();
    EXPECT_TRUE(views::Json::parse(answer.value()).contains("error"));
    work(0, 5);  // too late
    const views::Json next = page("", {1, 0});
    ASSERT_EQ(next.at("rows").size(), 1U);
}

TEST_F(Listing, TooManyAtOnceAreRefused) {
    unsigned refused = 0;
    for (std::size_t i = 0; i < FlowListing::max_waiting + 3; ++i)
        listing_.request("", [&](const std::string& text) {
            if (text.find("too many") != std::string::npos) ++refused;
        });
    EXPECT_EQ(refused, 3U);
}

// Whoever asks next gets a page though the one before could not be made or told.
TEST_F(Listing, AnAnswerThatThrowsHoldsUpNobody) {
    std::string second;
    listing_.request("", [](const std::string&) { throw std::runtime_error("no memory"); });
    listing_.request("", [&](const std::string& text) { second = text; });
    work(0, 3);
    EXPECT_THROW(io_.run_one_for(std::chrono::seconds(10)), std::runtime_error);
    for (int turns = 0; second.empty() && turns < 1000; ++turns) {
        io_.run_one_for(std::chrono::seconds(1));
        work(0, 3);
    }
    EXPECT_EQ(views::read_page(second).at("rows").size(), 3U);
}

}  // namespace
}  // namespace warren::telemetry
