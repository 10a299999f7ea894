// SPDX-License-Identifier: BSD-3-Clause
// Tracked files: how text becomes a number, and that each way of changing a file is seen.
#include "tracking/track_files.h"

#include <gtest/gtest.h>

#include <memory>

#include "unit/programs/scratch_folder.h"

namespace warren::tracking {
namespace {

using namespace programs;  // the words of its fixture

TEST(TrackFileNumber, Table) {
    const std::pair<const char*, std::optional<std::int64_t>> cases[] = {
        {"-20\n", -20},      {"  7 and more", 7},
        {"0x10", 16},        {"", 0},
        {"up", 0},           {"2147483648", 2'147'483'648},
        {"2147483649", {}},  {"-2147483648", -2'147'483'648},
        {"-2147483649", {}}, {"99999999999999999999", {}},
    };
    for (const auto& [text, expected] : cases)
        EXPECT_EQ(track_file_number(text), expected) << text;
}

class TrackFilesTest : public testing::Test {
  protected:
    config::TrackFile& add(const std::string& name, const std::string& path) {
        config_.track_files.push_back({});
        config_.track_files.back().name = name;
        config_.track_files.back().file = path;
        if (config_.vrrp_instances.empty()) config_.vrrp_instances.emplace_back();
        config_.vrrp_instances.front().tracked.push_back(
            {{}, config::TrackKind::file, name, 1, false});
        return config_.track_files.back();
    }
    std::string path(const std::string& name) const { return folder_.path() + "/" + name; }
    void start() {
        files_ = std::make_unique<TrackFiles>(
            io_, config_, events_, [this] { ++changes_; }, 20);
    }
    std::int64_t number(const std::string& name) const { return files_->state(name).number; }
    bool becomes(const std::string& name, std::int64_t expected) {
        return run_until(io_, [&] { return number(name) == expected; });
    }

    boost::asio::io_context io_;
    ScratchFolder folder_;
    config::Config config_;
    journal::EventLog events_;
    int changes_ = 0;
    std::unique_ptr<TrackFiles> files_;
};

TEST_F(TrackFilesTest, ReadAtStartWrittenRenamedRemoved) {
    folder_.file("a", "5");
    add("a", path("a"));
    add("missing", path("b"));
    start();
    EXPECT_EQ(number("a"), 5);
    EXPECT_EQ(number("missing"), 0);
    EXPECT_EQ(files_->state("a").text, "5");
    folder_.file("a", "-20");
    EXPECT_TRUE(becomes("a", -20));
    folder_.file("new", "3");
    std::filesystem::rename(path("new"), path("b"));
    EXPECT_TRUE(becomes("missing", 3));
    std::filesystem::remove(path("a"));
    EXPECT_TRUE(becomes("a", 0));
    EXPECT_EQ(changes_, 3);
}

TEST_F(TrackFilesTest, ANumberTooLargeChangesNothing) {
    folder_.file("a", "5");
    add("a", path("a"));
    add("b", path("b"));
    start();
    folder_.file("a", "99999999999999999999");
    folder_.file("b", "1");
    ASSERT_TRUE(becomes("b", 1)) << "all events before it have been seen";
    EXPECT_EQ(number("a"), 5);
}

TEST_F(TrackFilesTest, AFolderThatComesLaterAndGoes) {
    add("a", path("sub/a"));
    start();
    std::filesystem::create_directory(path("sub"));
    folder_.file("sub/a", "8");
    EXPECT_TRUE(becomes("a", 8));
    std::filesystem::remove_all(path("sub"));
    EXPECT_TRUE(becomes("a", 0));
    std::filesystem::create_directory(path("sub"));
    folder_.file("sub/a", "9");
    EXPECT_TRUE(becomes("a", 9));
}

TEST_F(TrackFilesTest, InitFile) {
    folder_.file("kept", "7");
    folder_.file("lost", "7");
    const auto init = [&](const char* name, config::TrackFile::Init how) {
        config::TrackFile& file = add(name, path(name));
        file.init = how;
        file.init_value = -4;
    };
    init("made", config::TrackFile::Init::create);
    init("kept", config::TrackFile::Init::create);
    init("lost", config::TrackFile::Init::overwrite);
    std::filesystem::create_symlink(path("target"), path("link"));
    init("link", config::TrackFile::Init::overwrite);
    start();
    EXPECT_EQ(folder_.read("made"), "-4\n");
    EXPECT_EQ(number("made"), -4);
    EXPECT_EQ(number("kept"), 7);
    EXPECT_EQ(number("lost"), -4);
    EXPECT_FALSE(std::filesystem::exists(path("target")));
}

TEST_F(TrackFilesTest, AnotherConfigurationKeepsWhatItStillNames) {
    folder_.file("a", "5");
    folder_.file("b", "6");
    add("a", path("a")).init = config::TrackFile::Init::overwrite;
    add("b", path("b"));
    start();
    ASSERT_EQ(number("a"), 0);
    folder_.file("a", "7");
    ASSERT_TRUE(becomes("a", 7));
    config_.track_files.pop_back();
    folder_.file("c", "8");
    add("c", path("c"));
    files_->follow(config_);
    EXPECT_EQ(number("a"), 7) << "it is not initialised again";
    EXPECT_EQ(number("c"), 8);
    EXPECT_EQ(files_->state("b").standing, vrrp::TrackedState::Standing::ignored);
    folder_.file("a", "1");
    folder_.file("c", "2");
    EXPECT_TRUE(becomes("a", 1));
    EXPECT_TRUE(becomes("c", 2));
}

TEST_F(TrackFilesTest, TheFirstAndTheLastComeAndGo) {
    start();
    folder_.file("a", "5");
    add("a", path("a"));
    files_->follow(config_);
    EXPECT_EQ(number("a"), 5);
    folder_.file("a", "6");
    EXPECT_TRUE(becomes("a", 6));
    files_->follow({});
    EXPECT_EQ(files_->state("a").standing, vrrp::TrackedState::Standing::ignored);
    files_->follow(config_);
    EXPECT_EQ(number("a"), 6);
}

}  // namespace
}  // namespace warren::tracking
