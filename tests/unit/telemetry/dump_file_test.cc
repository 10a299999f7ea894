// SPDX-License-Identifier: BSD-3-Clause
// Files in a folder that others may write too.
#include "telemetry/dump_file.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

namespace warren::telemetry {
namespace {

class DumpFile : public testing::Test {
  protected:
    DumpFile() {
        std::string pattern = "/tmp/warren-test-XXXXXX";
        folder_ = mkdtemp(pattern.data());
    }
    ~DumpFile() override { std::filesystem::remove_all(folder_); }
    std::string path(const char* name) const { return folder_ + "/" + name; }
    static std::string read(const std::string& path) {
        std::ifstream in(path);
        std::ostringstream text;
        text << in.rdbuf();
        return text.str();
    }

    std::string folder_;
};

TEST_F(DumpFile, IsForItsOwnerAloneAndWhole) {
    replace_file(path("dump"), std::string(200'000, 'x'));
    struct stat file {};
    ASSERT_EQ(lstat(path("dump").c_str(), &file), 0);
    EXPECT_EQ(file.st_mode, S_IFREG | 0600U);
    EXPECT_EQ(file.st_size, 200'000);
    replace_file(path("dump"), "short");
    EXPECT_EQ(read(path("dump")), "short");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(DumpFile, ALinkThatSomebodyPutThereIsReplaced) {
    std::ofstream(path("precious")) << "precious";
    ASSERT_EQ(symlink(path("precious").c_str(), path("dump").c_str()), 0);
    replace_file(path("dump"), "new");
    EXPECT_EQ(read(path("precious")), "precious");
    EXPECT_FALSE(std::filesystem::is_symlink(path("dump")));
}

TEST_F(DumpFile, WhatCannotBeWrittenLeavesNothing) {
    EXPECT_THROW(replace_file(path("no/dump"), "x"), std::system_error);
    std::filesystem::create_directory(path("dump"));
    std::ofstream(path("dump") + "/inside") << "x";
    EXPECT_THROW(replace_file(path("dump"), "x"), std::system_error);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(DumpFile, FolderIsKeepaliveds) {
    setenv("TMPDIR", "/var/tmp", 1);
    EXPECT_EQ(dump_folder(), "/var/tmp");
    setenv("TMPDIR", "relative", 1);
    EXPECT_EQ(dump_folder(), "/tmp");
    unsetenv("TMPDIR");
    EXPECT_EQ(dump_folder(), "/tmp");
}

}  // namespace
}  // namespace warren::telemetry
