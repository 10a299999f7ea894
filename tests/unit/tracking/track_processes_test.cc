// SPDX-License-Identifier: BSD-3-Clause
// Which processes count, and when enough of them run. A folder stands in for /proc.
#include "tracking/track_processes.h"

#include <gtest/gtest.h>

#include <memory>

#include "unit/programs/scratch_folder.h"

namespace warren::tracking {
namespace {

using namespace programs;  // the words of its fixture

using Match = config::TrackProcess::Match;

config::TrackProcess wanted(const char* process, std::vector<std::string> params = {},
                            Match match = Match::none) {
    config::TrackProcess out;
    out.process = process;
    out.params = std::move(params);
    out.param_match = match;
    out.full_command = match != Match::none;
    return out;
}

std::string command_line(const std::vector<std::string>& words) {
    std::string all;
    for (const std::string& word : words)
        all += word + '\0';
    return all;
}

TEST(ProcessMatches, Table) {
    const Process process{"haproxy", command_line({"/usr/sbin/haproxy", "-f", "/etc/x"}), false};
    EXPECT_TRUE(matches(wanted("haproxy"), process));
    EXPECT_FALSE(matches(wanted("haprox"), process)) << "the whole name";
    EXPECT_FALSE(matches(wanted("haproxy"), {"haproxy", "", true})) << "a zombie does not run";
    config::TrackProcess full = wanted("/usr/sbin/haproxy");
    full.full_command = true;
    EXPECT_TRUE(matches(full, process));
    const char* path = "/usr/sbin/haproxy";
    EXPECT_TRUE(matches(wanted(path, {"-f", "/etc/x"}, Match::exact), process));
    EXPECT_FALSE(matches(wanted(path, {"-f"}, Match::exact), process));
    EXPECT_FALSE(matches(wanted(path, {}, Match::exact), process)) << "it must have none";
    EXPECT_TRUE(matches(wanted(path, {"-f"}, Match::partial), process));
    EXPECT_FALSE(matches(wanted(path, {"-f", "/etc"}, Match::partial), process));
    EXPECT_TRUE(matches(wanted(path, {"-f", "/etc"}, Match::initial), process));
    EXPECT_FALSE(matches(wanted(path, {"-g"}, Match::initial), process));
    EXPECT_TRUE(matches(wanted(path, {}, Match::exact), {"haproxy", command_line({path})}));
    EXPECT_FALSE(matches(full, {"kthreadd", ""}));
}

TEST(ProcessQuorum, Table) {
    config::TrackProcess p;
    EXPECT_FALSE(has_quorum(p, 0));
    EXPECT_TRUE(has_quorum(p, 1));
    EXPECT_TRUE(has_quorum(p, 1'000));
    p.quorum = 2;
    p.quorum_max = 3;
    EXPECT_FALSE(has_quorum(p, 1));
    EXPECT_TRUE(has_quorum(p, 2));
    EXPECT_TRUE(has_quorum(p, 3));
    EXPECT_FALSE(has_quorum(p, 4));
    p.quorum.reset();
    p.quorum_max = 0;
    EXPECT_TRUE(has_quorum(p, 0)) << "it must not run at all";
    EXPECT_FALSE(has_quorum(p, 1));
}

class TrackProcessesTest : public testing::Test {
  protected:
    config::TrackProcess& add(const std::string& name, const char* process) {
        config_.track_processes.push_back(wanted(process));
        config_.track_processes.back().name = name;
        if (config_.vrrp_instances.empty()) config_.vrrp_instances.emplace_back();
        config_.vrrp_instances.front().tracked.push_back(
            {{}, config::TrackKind::process, name, 0, false});
        return config_.track_processes.back();
    }
    void run_process(int pid, const std::string& name, char state = 'S') {
        const std::string folder = std::to_string(pid);
        std::filesystem::create_directory(folder_.path() + "/" + folder);
        folder_.file(folder + "/stat", folder + " (" + name + ") " + state + " 1 1");
    }
    void end_process(int pid) {
        std::filesystem::remove_all(folder_.path() + "/" + std::to_string(pid));
    }
    void start() {
        processes_ = std::make_unique<TrackProcesses>(
            io_, config_, events_, [this] { ++changes_; }, folder_.path(), 10);
    }
    bool up(const std::string& name) const { return processes_->state(name).number != 0; }
    bool shows(const std::string& name, const std::string& text) {
        return run_until(io_, [&] { return processes_->state(name).text == text; });
    }

    boost::asio::io_context io_;
    ScratchFolder folder_;
    config::Config config_;
    journal::EventLog events_;
    int changes_ = 0;
    std::unique_ptr<TrackProcesses> processes_;
};

TEST_F(TrackProcessesTest, StartsKnowingAndFollows) {
    add("a", "one");
    add("b", "odd) (name").quorum = 2;
    run_process(5, "one");
    run_process(6, "odd) (name");
    run_process(7, "one", 'Z');
    folder_.file("version", "not a process");
    start();
    EXPECT_TRUE(up("a"));
    EXPECT_EQ(processes_->state("a").text, "1 running");
    EXPECT_FALSE(up("b"));
    run_process(8, "odd) (name");
    ASSERT_TRUE(shows("b", "2 running"));
    EXPECT_TRUE(up("b"));
    end_process(5);
    ASSERT_TRUE(shows("a", "0 running"));
    EXPECT_FALSE(up("a"));
    EXPECT_EQ(changes_, 2);
}

TEST_F(TrackProcessesTest, MoreThanOneTurnsWorth) {
    add("a", "one").quorum = 2 * TrackProcesses::processes_per_turn + 1;
    for (int i = 0; i <= static_cast<int>(2 * TrackProcesses::processes_per_turn); ++i)
        run_process(100 + i, "one");
    start();
    EXPECT_TRUE(up("a"));
    end_process(100);
    EXPECT_TRUE(shows("a", "512 running"));
    EXPECT_FALSE(up("a"));
}

TEST_F(TrackProcessesTest, AShortAbsenceDoesNotCount) {
    config::TrackProcess& settings = add("a", "one");
    settings.terminate_delay_ns = 60 * config::ns_per_s;
    add("b", "two").fork_delay_ns = 20 * config::ns_per_ms;
    run_process(5, "one");
    start();
    end_process(5);
    ASSERT_TRUE(shows("a", "0 running"));
    EXPECT_TRUE(up("a")) << "it still may come back";
    run_process(6, "one");
    ASSERT_TRUE(shows("a", "1 running"));
    EXPECT_EQ(changes_, 0);
    run_process(7, "two");
    EXPECT_TRUE(run_until(io_, [&] { return up("b"); }));
    EXPECT_EQ(changes_, 1);
}

TEST(ReadProcess, OurOwn) {
    const auto self = read_process("/proc", getpid(), true);
    ASSERT_TRUE(self);
    EXPECT_EQ(self->name, "tracking_test");
    EXPECT_NE(self->command_line.find("tracking_test"), std::string::npos);
    EXPECT_FALSE(read_process("/proc", 0, true));
    EXPECT_EQ(read_process_numbers("/proc", 2).size(), 2U);
    EXPECT_TRUE(read_process_numbers("/nowhere", 2).empty());
}

TEST_F(TrackProcessesTest, AnotherConfigurationKeepsWhatItStillNames) {
    add("a", "one").terminate_delay_ns = 60 * config::ns_per_s;
    add("b", "two");
    run_process(5, "one");
    run_process(6, "three");
    start();
    end_process(5);
    ASSERT_TRUE(shows("a", "0 running"));
    ASSERT_TRUE(up("a")) << "its delay runs";
    config_.track_processes.pop_back();
    add("c", "three");
    processes_->follow(config_);
    EXPECT_TRUE(up("a"));
    EXPECT_TRUE(up("c")) << "counted at once";
    EXPECT_EQ(processes_->state("b").standing, vrrp::TrackedState::Standing::ignored);
    end_process(6);
    EXPECT_TRUE(shows("c", "0 running"));
    EXPECT_FALSE(up("c"));
}

TEST_F(TrackProcessesTest, TheFirstComesLater) {
    start();
    add("a", "one");
    processes_->follow(config_);
    EXPECT_FALSE(up("a"));
    run_process(5, "one");
    EXPECT_TRUE(shows("a", "1 running"));
}

}  // namespace
}  // namespace warren::tracking
