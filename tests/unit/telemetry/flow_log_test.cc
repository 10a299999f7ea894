// SPDX-License-Identifier: BSD-3-Clause
// A line for each end, a bound for each second, and what is lost is told.
#include "telemetry/flow_log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <system_error>

#include "unit/model/sample_state.h"
#include "views/pages.h"

namespace warren::telemetry {
namespace {

constexpr std::int64_t noon_ms = 1'795'910'400'000;

class FlowLogs : public testing::Test {
  protected:
    FlowLogs() { std::filesystem::create_directory(folder_); }
    ~FlowLogs() override { std::filesystem::remove_all(folder_); }

    void end_flows(unsigned count, std::int64_t wall_ms) {
        for (unsigned i = 0; i < count; ++i)
            flows_.take({.client = net::IpAddress::v4(10, 0, 0, 9),
                         .client_port = net::Be16(4000),
                         .server = 1,
                         .service = 0,
                         .kind = exchange::FlowEventKind::ended,
                         .cause = exchange::EndCause::server_fin},
                        *state_, wall_ms);
    }
    static std::vector<views::Json> lines(const std::string& path) {
        std::vector<views::Json> all;
        std::ifstream file(path);
        for (std::string line; std::getline(file, line);)
            all.push_back(views::Json::parse(line));
        return all;
    }

    std::unique_ptr<model::State> state_ = model::state_of(
        model::router("rabbit", "eth0", 51, "192.168.8.100/24") + model::service("192.168.8.100"));
    history::EndedFlows flows_;
    const std::string folder_ = testing::TempDir() + "flow-log-" + std::to_string(getpid());
    const std::string path_ = folder_ + "/flows";
};

TEST_F(FlowLogs, HasALineForEachEnd) {
    FlowLog log(path_);
    log.follow(flows_, noon_ms);
    EXPECT_TRUE(lines(path_).empty());
    end_flows(2, noon_ms);
    log.follow(flows_, noon_ms);
    log.follow(flows_, noon_ms);
    const auto all = lines(path_);
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].at("number"), 1);
    EXPECT_EQ(all[0].at("client"), "10.0.0.9:4000");
    EXPECT_EQ(all[1].at("cause"), "server_fin");
    struct stat status {};
    ASSERT_EQ(stat(path_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0007U, 0U) << "clients' addresses are not for all";
}

TEST_F(FlowLogs, TheJournalGetsFields) {
    const std::string path = folder_ + "/journal";
    const int journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    FlowLog log("journal:" + path);
    end_flows(1, noon_ms);
    log.follow(flows_, noon_ms);  // nobody reads yet
    ASSERT_EQ(bind(journal, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    end_flows(1, noon_ms);
    log.follow(flows_, noon_ms);
    const auto next = [&] {
        char datagram[4096];
        const ssize_t size = recv(journal, datagram, sizeof(datagram), 0);
        return std::string(datagram, size < 0 ? 0 : static_cast<std::size_t>(size));
    };
    EXPECT_NE(next().find("MESSAGE=1 connections that ended were not written\n"),
              std::string::npos);
    const std::string flow = next();
    for (const char* field : {"PRIORITY=6\n", "WARREN_KIND=flow\n", "WARREN_CLIENT=10.0.0.9:4000\n",
                              "WARREN_CAUSE=server_fin\n", "MESSAGE=10.0.0.9:4000 > "})
        EXPECT_NE(flow.find(field), std::string::npos) << field << " is not in " << flow;
    EXPECT_EQ(next(), "");
    close(journal);
}

TEST_F(FlowLogs, GoesOnInTheFileThatItFinds) {
    end_flows(1, noon_ms);
    FlowLog(path_).follow(flows_, noon_ms);
    FlowLog(path_).follow(flows_, noon_ms);
    EXPECT_EQ(lines(path_).size(), 2U);
}

TEST_F(FlowLogs, IsBoundedEachSecondAndTellsWhatIsMissing) {
    FlowLog log(path_);
    end_flows(FlowLog::lines_per_second + 500, noon_ms);
    log.follow(flows_, noon_ms);
    EXPECT_EQ(lines(path_).size(), FlowLog::lines_per_second);
    log.follow(flows_, noon_ms + 999);
    EXPECT_EQ(lines(path_).size(), FlowLog::lines_per_second);
    log.follow(flows_, noon_ms + 1'000);
    auto all = lines(path_);
    ASSERT_EQ(all.size(), FlowLog::lines_per_second + 1);
    EXPECT_EQ(all.back().at("lost"), 500);
    end_flows(1, noon_ms);
    log.follow(flows_, noon_ms + 1'001);
    all = lines(path_);
    EXPECT_EQ(all.back().at("number"), FlowLog::lines_per_second + 501);
}

TEST_F(FlowLogs, CountsWhatWasForgottenMeanwhile) {
    FlowLog log(path_);
    end_flows(history::EndedFlows::capacity + 100, noon_ms);
    log.follow(flows_, noon_ms);
    const auto all = lines(path_);
    ASSERT_EQ(all.size(), FlowLog::lines_per_second);
    EXPECT_EQ(all[0].at("lost"), 100);
    EXPECT_EQ(all[1].at("number"), 101);
}

TEST_F(FlowLogs, IsOpenedAgain) {
    FlowLog log(path_);
    end_flows(1, noon_ms);
    log.follow(flows_, noon_ms);
    std::filesystem::rename(path_, path_ + ".1");
    log.reopen();
    end_flows(1, noon_ms);
    log.follow(flows_, noon_ms);
    EXPECT_EQ(lines(path_ + ".1").size(), 1U);
    EXPECT_EQ(lines(path_).size(), 1U);
    std::filesystem::remove(path_);
    std::filesystem::create_directory(path_);
    EXPECT_THROW(log.reopen(), std::system_error);
    end_flows(1, noon_ms);
    log.follow(flows_, noon_ms);  // the old one stays
}

TEST_F(FlowLogs, DoesNotWaitForAReader) {
    ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
    EXPECT_THROW(FlowLog{path_}, std::system_error) << "nobody reads";
    const int reader = open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    FlowLog log(path_);
    for (std::int64_t second = 0; second < 5; ++second) {
        end_flows(900, noon_ms);
        log.follow(flows_, noon_ms + second * 1'000);  // more than a FIFO holds
    }
    std::string all(1'000'000, '\0');
    const ssize_t size = read(reader, all.data(), all.size());
    ASSERT_GT(size, 0);
    all.resize(static_cast<std::size_t>(size));
    EXPECT_EQ(all.back(), '\n') << "whole lines only";
    log.follow(flows_, noon_ms + 9'000);
    std::string told(1'000, '\0');
    ASSERT_GT(read(reader, told.data(), told.size()), 0);
    EXPECT_NE(told.find("\"lost\":"), std::string::npos);
    close(reader);
}

}  // namespace
}  // namespace warren::telemetry
