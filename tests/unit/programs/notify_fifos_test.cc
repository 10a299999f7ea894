// SPDX-License-Identifier: BSD-3-Clause
// What is written to FIFOs, and what becomes of one that nobody reads.
#include "programs/notify_fifos.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <limits.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>

#include "unit/programs/scratch_folder.h"

namespace warren::programs {
namespace {

config::VirtualServer service(const char* address) {
    config::VirtualServer out;
    out.address = *net::IpAddress::parse(address);
    out.port = 5672;
    config::RealServer& server = out.real_servers.emplace_back();
    server.address = *net::IpAddress::parse("192.168.8.11");
    server.port = 5673;
    return out;
}

TEST(NotifyFifoLines, AreKeepalivedsLines) {
    EXPECT_EQ(instance_line("VI_1", name(NotifyState::master), 100),
              "INSTANCE \"VI_1\" MASTER 100\n");
    EXPECT_EQ(group_line("G", NotifyState::fault), "GROUP \"G\" FAULT 0\n");
    const config::VirtualServer v4 = service("192.168.8.100");
    EXPECT_EQ(quorum_line(v4, true), "VS [192.168.8.100]:tcp:5672 UP\n");
    EXPECT_EQ(server_line(v4, v4.real_servers[0], false),
              "RS [192.168.8.11]:tcp:5673 [192.168.8.100]:tcp:5672 DOWN\n");
    EXPECT_EQ(quorum_line(service("2001:db8::1"), false), "VS [2001:db8::1]:tcp:5672 DOWN\n");
}

class NotifyFifosTest : public testing::Test {
  protected:
    std::string path(const char* name) const { return folder_.path() + "/" + name; }
    void start() { fifos_ = std::make_unique<NotifyFifos>(io_, global_, events_); }
    std::string read(const std::string& fifo) const {
        const int fd = open(fifo.c_str(), O_RDONLY | O_NONBLOCK);
        std::array<char, 4096> buffer{};
        std::string text;
        for (ssize_t n = 0; (n = ::read(fd, buffer.data(), buffer.size())) > 0;)
            text.append(buffer.data(), static_cast<std::size_t>(n));
        close(fd);
        return text;
    }
    std::string told() const {
        std::string all;
        for (std::uint64_t i = events_.first(); i < events_.end(); ++i)
            all += events_.at(i).text + "\n";
        return all;
    }

    boost::asio::io_context io_;
    ScratchFolder folder_;
    journal::EventLog events_;
    config::GlobalDefs global_;
    std::unique_ptr<NotifyFifos> fifos_;
};

TEST_F(NotifyFifosTest, EachGetsItsOwnLines) {
    global_.fifos.all.path = path("all");
    global_.fifos.vrrp.path = path("vrrp");
    global_.fifos.lvs.path = path("lvs");
    start();
    const config::VirtualServer v = service("192.168.8.100");
    fifos_->on_instance("VI_1", NotifyState::backup, 90);
    fifos_->on_priority("VI_1", false, 80);
    fifos_->on_group("G", NotifyState::stop);
    fifos_->on_server(v, v.real_servers[0], true, "");
    fifos_->on_quorum(v, false, "");
    fifos_->on_lower_priority("VI_1", 90);
    const std::string vrrp =
        "INSTANCE \"VI_1\" BACKUP 90\nINSTANCE \"VI_1\" BACKUP_PRIORITY 80\nGROUP \"G\" STOP 0\n";
    const std::string lvs =
        "RS [192.168.8.11]:tcp:5673 [192.168.8.100]:tcp:5672 UP\nVS [192.168.8.100]:tcp:5672 "
        "DOWN\n";
    const std::string last = "INSTANCE \"VI_1\" MASTER_RX_LOWER_PRI 90\n";
    EXPECT_EQ(read(path("all")), vrrp + lvs + last);
    EXPECT_EQ(read(path("vrrp")), vrrp + last);
    EXPECT_EQ(read(path("lvs")), lvs);
}

TEST_F(NotifyFifosTest, IsMadeForItsOwnerAloneAndRemovedAgain) {
    global_.fifos.all.path = path("made");
    ASSERT_EQ(mkfifo(path("found").c_str(), 0644), 0);
    global_.fifos.lvs.path = path("found");
    start();
    struct stat made {};
    ASSERT_EQ(lstat(path("made").c_str(), &made), 0);
    EXPECT_EQ(made.st_mode, S_IFIFO | 0600U);
    fifos_.reset();
    EXPECT_NE(access(path("made").c_str(), F_OK), 0);
    EXPECT_EQ(access(path("found").c_str(), F_OK), 0) << "it was there before";
}

TEST_F(NotifyFifosTest, AFullOneLosesLinesAndIsToldOfOnce) {
    global_.fifos.all.path = path("full");
    start();
    for (int i = 0; i < 5'000; ++i)
        fifos_->on_instance("VI_1", NotifyState::backup, 90);
    EXPECT_EQ(told(), path("full") +
                          ": full, for nobody reads it: lines are lost until somebody "
                          "does\n");
    const std::string kept = read(path("full"));
    EXPECT_TRUE(kept.ends_with("BACKUP 90\n")) << "no line is torn";
    const std::size_t lines = static_cast<std::size_t>(std::count(kept.begin(), kept.end(), '\n'));
    fifos_->on_instance("VI_1", NotifyState::master, 90);
    EXPECT_EQ(read(path("full")), "INSTANCE \"VI_1\" MASTER 90\n");
    EXPECT_NE(told().find("is read again; " + std::to_string(5'000 - lines) + " lines were lost"),
              std::string::npos)
        << told();
}

TEST_F(NotifyFifosTest, ALineThatCouldBeTornIsLost) {
    global_.fifos.all.path = path("long");
    start();
    fifos_->on_instance(std::string(PIPE_BUF, 'x'), NotifyState::backup, 90);
    EXPECT_EQ(read(path("long")), "");
}

TEST_F(NotifyFifosTest, WhatIsNoFifoIsNotWrittenTo) {
    folder_.file("file", "precious");
    ASSERT_EQ(symlink("/dev/null", path("link").c_str()), 0);
    global_.fifos.all.path = path("file");
    global_.fifos.vrrp.path = path("link");
    global_.fifos.lvs = {{}, path("theirs"), "nobody-of-this-name", "", {}};
    start();
    fifos_->on_instance("VI_1", NotifyState::backup, 90);
    EXPECT_EQ(folder_.read("file"), "precious");
    EXPECT_NE(told().find("file is no FIFO"), std::string::npos) << told();
    EXPECT_NE(told().find("link: Too many levels"), std::string::npos) << told();
    EXPECT_NE(told().find("theirs: no FIFO: there is no user"), std::string::npos) << told();
}

TEST_F(NotifyFifosTest, ItsScriptGetsThePathAndIsEndedWithUs) {
    const std::string script = folder_.script(
        "reader", "echo $$ > " + path("pid") + "\nread line < \"$2\"\necho \"$1 $line\" > " +
                      path("got") + "\nexec sleep 60");
    global_.fifos.all.path = path("fifo");
    global_.fifos.all.script = config::Script{{}, script + " own", "", ""};
    start();
    fifos_->on_instance("VI_1", NotifyState::master, 100);
    ASSERT_TRUE(run_until(io_, [&] { return !folder_.read("got").empty(); }));
    EXPECT_EQ(folder_.read("got"), "own INSTANCE \"VI_1\" MASTER 100\n");
    const pid_t pid = std::stoi(folder_.read("pid"));
    fifos_.reset();
    EXPECT_NE(kill(pid, 0), 0);
}

TEST_F(NotifyFifosTest, AScriptThatEndsIsToldOf) {
    global_.fifos.all.path = path("fifo");
    global_.fifos.all.script = config::Script{{}, folder_.script("short", "exit 3"), "", ""};
    start();
    EXPECT_TRUE(run_until(io_, [&] {
        return told().find("its script has ended: exit status 3") != std::string::npos;
    }));
}

TEST_F(NotifyFifosTest, AReloadLeavesAloneWhatIsTheSame) {
    global_.fifos.all.path = path("same");
    global_.fifos.vrrp.path = path("old");
    start();
    fifos_->on_instance("VI_1", NotifyState::backup, 90);
    global_.fifos.vrrp.path = path("new");
    global_.fifos.lvs.path = path("old");
    fifos_->follow(global_);
    fifos_->on_instance("VI_1", NotifyState::master, 90);
    EXPECT_EQ(read(path("same")), "INSTANCE \"VI_1\" BACKUP 90\nINSTANCE \"VI_1\" MASTER 90\n");
    EXPECT_EQ(read(path("new")), "INSTANCE \"VI_1\" MASTER 90\n");
    EXPECT_EQ(read(path("old")), "") << "it is another's now";
    global_.fifos = {};
    fifos_->follow(global_);
    EXPECT_NE(access(path("same").c_str(), F_OK), 0);
}

}  // namespace
}  // namespace warren::programs
