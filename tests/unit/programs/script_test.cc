// SPDX-License-Identifier: BSD-3-Clause
// Commands of the configuration, their files and users, and keepalived's rules of security.
#include "programs/script.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/programs/scratch_folder.h"

namespace warren::programs {
namespace {

struct SplitCase {
    const char* command;
    std::vector<std::string> words;
};

class SplitTest : public testing::TestWithParam<SplitCase> {};

TEST_P(SplitTest, Words) {
    EXPECT_EQ(split_command(GetParam().command), GetParam().words);
}

INSTANTIATE_TEST_SUITE_P(
    All, SplitTest,
    testing::Values(SplitCase{"/bin/a", {"/bin/a"}},
                    SplitCase{"  killall\t-0  haproxy ", {"killall", "-0", "haproxy"}},
                    SplitCase{"/bin/a 'b c' \"d e\"", {"/bin/a", "b c", "d e"}},
                    SplitCase{"/bin/a b' c'd", {"/bin/a", "b cd"}},
                    SplitCase{"/bin/a b\\ c \\\"d", {"/bin/a", "b c", "\"d"}},
                    SplitCase{"/bin/a '\\' \"\\\"\"", {"/bin/a", "\\", "\""}},
                    SplitCase{"/bin/a '' b", {"/bin/a", "", "b"}},
                    SplitCase{"/bin/a 'open end", {"/bin/a", "open end"}}, SplitCase{"   ", {}}));

class ScriptCheckTest : public testing::Test {
  protected:
    ScriptCheck check(const std::string& command, const std::string& user = "",
                      const std::string& group = "") {
        return check_script({{}, command, user, group}, global_);
    }
    ScratchFolder folder_;
    config::GlobalDefs global_;
};

TEST_F(ScriptCheckTest, FindsTheFileAndKeepsTheArguments) {
    const std::string path = folder_.script("a.sh", "exit 0");
    const ScriptCheck found = check(path + " 'x y'");
    ASSERT_TRUE(found.program) << found.problem;
    EXPECT_EQ(found.program->path, path);
    EXPECT_EQ(found.program->argv, (std::vector<std::string>{path, "x y"}));
}

// As in keepalived 2.2.7: what a script is called may say what it does.
TEST_F(ScriptCheckTest, ALinkIsRunByItsName) {
    const std::string path = folder_.script("all.sh", "exit 0");
    const std::string link = folder_.path() + "/master.sh";
    ASSERT_EQ(symlink(path.c_str(), link.c_str()), 0);
    ASSERT_TRUE(check(link).program);
    EXPECT_EQ(check(link).program->path, link);
    if (geteuid() != 0) return;
    EXPECT_FALSE(check(link, "root").insecure());
    chmod(path.c_str(), 0777);
    EXPECT_EQ(check(link, "root").writable, path) << "the file counts, not the link alone";
}

TEST_F(ScriptCheckTest, ABareNameIsLookedUpInPath) {
    const ScriptCheck found = check("sh -c true");
    ASSERT_TRUE(found.program) << found.problem;
    EXPECT_TRUE(found.program->path.starts_with('/'));
}

TEST_F(ScriptCheckTest, AnOpenCheckIsForTheShell) {
    const ScriptCheck found = check("</etc/hostname");
    ASSERT_TRUE(found.program);
    EXPECT_EQ(found.program->argv, (std::vector<std::string>{"sh", "-c", "</etc/hostname"}));
}

TEST_F(ScriptCheckTest, WhatCannotRunIsIgnoredWithTheReason) {
    const std::string data = folder_.file("data", "x");
    const std::pair<ScriptCheck, const char*> cases[] = {
        {check("/no/such/script"), "No such file"},
        {check("no-such-command-at-all"), "in no folder of PATH"},
        {check(data), "not executable"},
        {check(folder_.path()), "is no file"},
        {check(""), "no command"},
        {check("/bin/sh", "no-such-user"), "no user 'no-such-user'"},
        {check("/bin/sh", "root", "no-such-group"), "no group 'no-such-group'"}};
    for (const auto& [result, text] : cases) {
        EXPECT_FALSE(result.program);
        EXPECT_NE(result.problem.find(text), std::string::npos) << result.problem;
    }
}

TEST_F(ScriptCheckTest, UserAndGroup) {
    if (geteuid() != 0) GTEST_SKIP() << "needs root";
    EXPECT_EQ(check("/bin/sh", "nobody").program->as.uid, 65534U);
    EXPECT_TRUE(check("/bin/sh", "nobody").program->as.groups.empty());
    EXPECT_EQ(check("/bin/sh", "nobody", "root").program->as.gid, 0U);
    EXPECT_FALSE(check("/bin/sh", "nobody", ":").program->as.groups.empty());
    global_.script_user = "nobody";
    EXPECT_EQ(check("/bin/sh").program->as.uid, 65534U) << "global_defs' script_user";
    EXPECT_EQ(check("/bin/sh", "root").program->as.uid, 0U) << "its own counts more";
}

// keepalived.conf(5), enable_script_security: "Don't run scripts configured to be run as root if
// any part of the path is writable by a non-root user."
TEST_F(ScriptCheckTest, AScriptThatOthersCanReplaceIsInsecureForRootOnly) {
    if (geteuid() != 0) GTEST_SKIP() << "needs root";
    const std::string path = folder_.script("a.sh", "exit 0");
    EXPECT_FALSE(check(path, "root").insecure());
    chmod(path.c_str(), 0777);
    EXPECT_TRUE(check(path, "root").insecure());
    EXPECT_TRUE(check(path, "root").program) << "without script security it runs";
    global_.enable_script_security = true;
    EXPECT_FALSE(check(path, "root").program);
    EXPECT_TRUE(check(path, "nobody").program) << "only what root runs is protected";
    chmod(path.c_str(), 0755);
    EXPECT_TRUE(check(path, "root").program);
    chmod(folder_.path().c_str(), 0777);
    EXPECT_FALSE(check(path, "root").program) << "the folder counts as well";
    chmod(folder_.path().c_str(), 0755);
    EXPECT_EQ(chown(path.c_str(), 65534, 0), 0);
    EXPECT_FALSE(check(path, "root").program) << "the owner can write it";
}

TEST_F(ScriptCheckTest, SecurityWantsAUser) {
    global_.enable_script_security = true;
    const ScriptCheck found = check("/bin/sh");
    if (found.program) GTEST_SKIP() << "this machine has a user keepalived_script";
    EXPECT_NE(found.problem.find("keepalived_script"), std::string::npos);
}

TEST_F(ScriptCheckTest, AllScriptsOfAFileAreToldWithTheirLines) {
    config::Config config;
    config::VrrpScript script;
    script.name = "chk";
    script.script = {{nullptr, 7}, "/no/such", "", ""};
    config.vrrp_scripts.push_back(script);
    config::VrrpInstance& instance = config.vrrp_instances.emplace_back();
    instance.name = "VI_1";
    instance.notify.master = config::Script{{nullptr, 9}, "/bin/sh", "nobody-at-all", ""};
    instance.notify.fault = config::Script{{nullptr, 10}, "/bin/sh", "", ""};
    const syntax::Diagnostics found = check_scripts(config);
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].where.line, 7U);
    EXPECT_EQ(found[0].severity, syntax::Severity::warning);
    EXPECT_TRUE(found[1].message.starts_with("VI_1: notify_master is ignored: "));
}

TEST_F(ScriptCheckTest, TrapsAreTold) {
    const std::string quits =
        folder_.script("quits.sh", "if x; then\n  systemctl stop keepalived\nfi");
    config::Config config;
    for (const std::string& command :
         {std::string("/bin/sh -c 'a | b'"), std::string("/bin/echo x | grep y"), quits + " now",
          "/bin/sh " + quits, std::string("/usr/bin/env systemctl stop keepalived")}) {
        config::VrrpScript script;
        script.name = "s";
        script.script = {{nullptr, 1}, command, "", ""};
        config.vrrp_scripts.push_back(script);
    }
    const syntax::Diagnostics found = check_scripts(config);
    ASSERT_EQ(found.size(), 4U);
    EXPECT_NE(found[0].message.find("'|' is an argument of '/bin/echo'"), std::string::npos);
    EXPECT_NE(found[1].message.find("stops keepalived in " + quits + ":3"), std::string::npos)
        << found[1].message;
    EXPECT_NE(found[2].message.find("quits.sh:3"), std::string::npos);
    EXPECT_NE(found[3].message.find("stops keepalived, which"), std::string::npos);
}

}  // namespace
}  // namespace warren::programs
