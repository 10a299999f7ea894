// SPDX-License-Identifier: BSD-3-Clause
// A keepalived beside us with the same virtual router is told, any other process is none of ours.
#include "rivals.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "unit/programs/scratch_folder.h"

namespace warren::app {
namespace {

using namespace std::string_literals;

std::string instance(const std::string& interface, int vrid) {
    return "vrrp_instance V {\ninterface " + interface + "\nvirtual_router_id " +
           std::to_string(vrid) + "\npriority 100\nvirtual_ipaddress {\n192.0.2.1\n}\n}\n";
}

schema::LoadResult load(const std::string& text) {
    return schema::load("ours.conf", [&](const std::string&) { return std::optional(text); });
}

class Rivals : public testing::Test {
  protected:
    // A process of a folder like /proc, in the network namespace of that name.
    void run(int pid, const std::string& name, const std::string& command_line,
             const std::string& network = "net:[1]") {
        namespace fs = std::filesystem;
        const std::string folder = std::to_string(pid);
        fs::create_directories(proc_.path() + "/" + folder + "/ns");
        proc_.file(folder + "/stat", folder + " (" + name + ") S 1");
        proc_.file(folder + "/cmdline", command_line);
        fs::create_symlink(network, proc_.path() + "/" + folder + "/ns/net");
        fs::create_symlink("/srv", proc_.path() + "/" + folder + "/cwd");
    }
    syntax::Diagnostics find(const std::string& ours, const std::string& theirs) {
        return find_rivals(
            load(ours).config,
            [&](const std::string& file) {
                read_.push_back(file);
                return load(theirs);
            },
            proc_.path());
    }

    void SetUp() override {
        std::filesystem::create_directories(proc_.path() + "/self/ns");
        std::filesystem::create_symlink("net:[1]", proc_.path() + "/self/ns/net");
    }

    programs::ScratchFolder proc_;
    std::vector<std::string> read_;
};

TEST_F(Rivals, TheSameRouterOfAKeepalivedIsToldOnceWithItsFile) {
    run(10, "keepalived", "/usr/sbin/keepalived\0-n\0-f\0/etc/k.conf\0"s);
    run(11, "keepalived", "/usr/sbin/keepalived\0-n\0-f\0/etc/k.conf\0"s);
    const auto found = find(instance("eth0", 51), instance("eth0", 51));
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].severity, syntax::Severity::warning);
    EXPECT_NE(found[0].message.find("/etc/k.conf) with virtual_router_id 51 on eth0 too"),
              std::string::npos)
        << found[0].message;
    EXPECT_EQ(read_, std::vector<std::string>{"/etc/k.conf"});
}

TEST_F(Rivals, AnotherRouterOrInterfaceIsNone) {
    run(10, "keepalived", "keepalived\0"s);
    EXPECT_TRUE(find(instance("eth0", 51), instance("eth0", 52)).empty());
    EXPECT_TRUE(find(instance("eth0", 51), instance("eth1", 51)).empty());
    EXPECT_EQ(read_.front(), "/etc/keepalived/keepalived.conf");
}

TEST_F(Rivals, NamesOfFilesAreReadAsKeepalivedReadsThem) {
    run(10, "keepalived", "keepalived\0-fa.conf\0"s);
    run(11, "keepalived", "keepalived\0--use-file=/b.conf\0"s);
    run(12, "keepalived", "keepalived\0--use-file\0/c.conf\0"s);
    EXPECT_EQ(find(instance("eth0", 51), instance("eth0", 51)).size(), 3U);
    std::sort(read_.begin(), read_.end());
    EXPECT_EQ(read_, (std::vector<std::string>{"/b.conf", "/c.conf", "/srv/a.conf"}));
}

TEST_F(Rivals, AnotherNetworkOrAnotherProgramIsLeftAlone) {
    run(10, "keepalived", "keepalived\0"s, "net:[2]");
    run(11, "haproxy", "haproxy\0"s);
    EXPECT_TRUE(find(instance("eth0", 51), instance("eth0", 51)).empty());
    EXPECT_TRUE(read_.empty());
}

}  // namespace
}  // namespace warren::app
