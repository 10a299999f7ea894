// SPDX-License-Identifier: BSD-3-Clause
#include "sync_key.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace warren::app {
namespace {

const std::string one = "0123456789abcdef0123456789abcdef",
                  other = "another key, and a long one too..";

class SyncKeyTest : public testing::Test {
  protected:
    SyncKeyTest() { path_ = testing::TempDir() + "/sync_key." + std::to_string(::getpid()); }
    ~SyncKeyTest() override { std::filesystem::remove(path_); }

    SyncKeys keys(const std::string& text, mode_t mode = 0600) {
        std::ofstream(path_) << text;
        ::chmod(path_.c_str(), mode);
        return read_sync_keys(path_);
    }

    std::string path_;
};

TEST_F(SyncKeyTest, OneLineIsAKeyAndASecondTheOneBefore) {
    EXPECT_EQ(keys(one).keys, std::vector<std::string>{one});
    EXPECT_EQ(keys(one + "\r\n\n").keys, std::vector<std::string>{one});
    EXPECT_EQ(keys(one + "\n" + other + "\n").keys, (std::vector<std::string>{one, other}));
    EXPECT_EQ(keys(one, 0400).problem, "");
}

TEST_F(SyncKeyTest, WhatIsNoKeyIsNamed) {
    EXPECT_EQ(read_sync_keys("/nowhere/key").problem, "No such file or directory");
    EXPECT_EQ(read_sync_keys("/").problem, "it is no plain file");
    EXPECT_EQ(keys("\n").problem, "it is empty");
    EXPECT_NE(keys(one.substr(1)).problem.find("at least 32"), std::string::npos);
    EXPECT_NE(keys(one + "\nshort").problem.find("at least 32"), std::string::npos);
    EXPECT_NE(keys(one + "\n" + one + "\n" + one).problem.find("two lines"), std::string::npos);
    EXPECT_EQ(keys(std::string(1'025, 'k')).problem, "a key is too long");
    EXPECT_EQ(keys(std::string(5'000, 'k')).problem, "it is too long");
}

TEST_F(SyncKeyTest, WhatOthersCanReadIsNoSecret) {
    for (const mode_t mode : {0640U, 0604U, 0620U})
        EXPECT_EQ(keys(one, mode).problem, "others can read it: chmod 600");
}

TEST_F(SyncKeyTest, WithoutAKeyAStartIsRefused) {
    config::Config config;
    EXPECT_TRUE(check_sync_keys(config).empty());
    config.flow_sync.emplace().key_file = "/nowhere/key";
    const syntax::Diagnostics found = check_sync_keys(config);
    EXPECT_TRUE(syntax::has_error(found));
    keys(one);
    config.flow_sync->key_file = path_;
    EXPECT_TRUE(check_sync_keys(config).empty());
}

}  // namespace
}  // namespace warren::app
