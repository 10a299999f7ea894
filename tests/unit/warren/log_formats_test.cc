// SPDX-License-Identifier: BSD-3-Clause
// Records as JSON, and as systemd's journal takes them: by a socket that the test reads.
#include <gtest/gtest.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>

#include "journal/event_log.h"
#include "journald_sink.h"
#include "json_formatter.h"

namespace warren::app {
namespace {

using Json = nlohmann::json;

std::string as_json(const char* logger_name, spdlog::level::level_enum level,
                    const std::string& text) {
    std::ostringstream out;
    auto sink = std::make_shared<spdlog::sinks::ostream_sink_st>(out);
    sink->set_formatter(std::make_unique<JsonFormatter>("lb-1"));
    spdlog::logger(logger_name, sink).log(level, text);
    return out.str();
}

TEST(JsonFormatter, ARecordIsAnObjectOnALine) {
    const std::string line = as_json("vrrp", spdlog::level::warn, "rabbit: claimed");
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    const Json record = Json::parse(line);
    EXPECT_EQ(record["level"], "warning");
    EXPECT_EQ(record["kind"], "vrrp");
    EXPECT_EQ(record["instance"], "lb-1");
    EXPECT_EQ(record["text"], "rabbit: claimed");
    EXPECT_TRUE(std::regex_match(record["time"].get<std::string>(),
                                 std::regex(R"(20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)")))
        << line;
    EXPECT_EQ(line.find("{\"time\":"), 0U) << "the time first, for eyes";
}

TEST(JsonFormatter, NothingThatIsQuotedBreaksIt) {
    const std::string text = "a \"b\" \\ \n \x01 \xff";
    const std::string line = as_json("warren", spdlog::level::err, text);
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    const Json record = Json::parse(line);
    EXPECT_EQ(record["kind"], "process") << "what is no event's";
    EXPECT_EQ(record["level"], "error");
    EXPECT_EQ(record["text"], "a \"b\" \\ \n \x01 \xef\xbf\xbd");
}

// Takes what is sent to a socket in a folder of its own.
class Journal : public testing::Test {
  protected:
    Journal() {
        std::string name = (std::filesystem::temp_directory_path() / "journalXXXXXX").string();
        folder_ = mkdtemp(name.data());
        path_ = folder_ + "/socket";
        open();
    }
    ~Journal() override {
        close(fd_);
        std::filesystem::remove_all(folder_);
    }
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;

    void open() {
        fd_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path_.c_str(), path_.size());
        ASSERT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    }
    std::string next() const {
        std::array<char, 4'096> bytes{};
        const ssize_t size = recv(fd_, bytes.data(), bytes.size(), 0);
        return size < 0 ? "" : std::string(bytes.data(), static_cast<std::size_t>(size));
    }
    spdlog::logger logger(const char* name) const {
        return {name, std::make_shared<JournaldSink>("lb-1", path_)};
    }

    std::string folder_, path_;
    int fd_ = -1;
};

TEST_F(Journal, GetsFields) {
    logger("vrrp").warn("rabbit: claimed");
    EXPECT_TRUE(std::regex_match(
        next(), std::regex("MESSAGE=rabbit: claimed\nPRIORITY=4\nSYSLOG_IDENTIFIER=warren\n"
                           "MESSAGE_ID=[0-9a-f]{32}\nWARREN_KIND=vrrp\nWARREN_INSTANCE=lb-1\n")));
}

// An event goes through the logger of its kind, as app/warren makes them.
template <typename Sink>
void log_an_event(std::shared_ptr<Sink> sink) {
    spdlog::register_logger(std::make_shared<spdlog::logger>("server", std::move(sink)));
    journal::EventLog events;
    events.warn(journal::EventKind::server,
                journal::Subject{.service = "192.168.8.100:5672", .server = "192.168.8.11:5672"},
                "server is down");
    spdlog::get("server")->warn("no event");
    spdlog::drop("server");
}

TEST_F(Journal, KnowsWhomAnEventIsAbout) {
    log_an_event(std::make_shared<JournaldSink>("lb-1", path_));
    const std::string event = next();
    EXPECT_NE(event.find("\nWARREN_SERVICE=192.168.8.100:5672\nWARREN_SERVER=192.168.8.11:5672\n"),
              std::string::npos)
        << event;
    EXPECT_EQ(event.find("WARREN_ROUTER"), std::string::npos) << "it is about none";
    EXPECT_EQ(next().find("WARREN_SER"), std::string::npos) << "the next record";
}

TEST(JsonFormatter, SaysWhomAnEventIsAbout) {
    std::ostringstream out;
    auto sink = std::make_shared<spdlog::sinks::ostream_sink_st>(out);
    sink->set_formatter(std::make_unique<JsonFormatter>("lb-1"));
    log_an_event(std::move(sink));
    const Json event = Json::parse(out.str().substr(0, out.str().find('\n')));
    EXPECT_EQ(event["server"], "192.168.8.11:5672");
    EXPECT_FALSE(event.contains("router"));
}

TEST_F(Journal, EachKindHasItsId) {
    std::set<std::string> ids;
    for (const std::string_view kind : journal::event_kinds) {
        logger(std::string(kind).c_str()).info("x");
        const std::string record = next();
        ids.insert(record.substr(record.find("MESSAGE_ID="), 43));
    }
    EXPECT_EQ(ids.size(), journal::event_kinds.size());
}

TEST_F(Journal, LevelsAreSyslogs) {
    auto log = logger("warren");
    log.set_level(spdlog::level::debug);
    const std::pair<spdlog::level::level_enum, const char*> levels[] = {
        {spdlog::level::debug, "PRIORITY=7\n"},
        {spdlog::level::info, "PRIORITY=6\n"},
        {spdlog::level::warn, "PRIORITY=4\n"},
        {spdlog::level::err, "PRIORITY=3\n"}};
    for (const auto& [level, expected] : levels) {
        log.log(level, "x");
        EXPECT_NE(next().find(expected), std::string::npos) << expected;
    }
}

TEST_F(Journal, ALineBreakBeginsNoField) {
    logger("warren").info("x\nPRIORITY=0");
    EXPECT_EQ(next().find("MESSAGE=x PRIORITY=0\nPRIORITY=6\n"), 0U);
}

TEST_F(Journal, ThatHangsHoldsNobodyUpAndTheLossIsTold) {
    auto log = logger("warren");
    for (int i = 0; i < 10'000; ++i)
        log.info("flood {}", i);
    int taken = 0;
    while (!next().empty())
        ++taken;
    ASSERT_LT(taken, 10'000);
    log.info("after");
    EXPECT_EQ(next().find(fmt::format("MESSAGE={} records of the log were lost\nPRIORITY=4\n",
                                      10'000 - taken)),
              0U);
    EXPECT_EQ(next().find("MESSAGE=after\n"), 0U);
    log.info("later");
    EXPECT_EQ(next().find("MESSAGE=later\n"), 0U) << "told once";
}

TEST_F(Journal, ThatIsStartedAnewIsFoundAgain) {
    auto log = logger("warren");
    log.info("one");
    close(fd_);
    std::filesystem::remove(path_);
    log.info("two");
    open();
    log.info("three");
    EXPECT_EQ(next().find("MESSAGE=1 records of the log were lost\n"), 0U);
    EXPECT_EQ(next().find("MESSAGE=three\n"), 0U);
}

TEST(JournalStream, MustBeWhatStandardErrorIs) {
    struct stat file {};
    ASSERT_EQ(fstat(STDERR_FILENO, &file), 0);
    unsetenv("JOURNAL_STREAM");
    EXPECT_FALSE(journal_reads(STDERR_FILENO));
    setenv("JOURNAL_STREAM", fmt::format("{}:{}", file.st_dev, file.st_ino).c_str(), 1);
    EXPECT_TRUE(journal_reads(STDERR_FILENO));
    setenv("JOURNAL_STREAM", fmt::format("{}:{}", file.st_dev, file.st_ino + 1).c_str(), 1);
    EXPECT_FALSE(journal_reads(STDERR_FILENO)) << "a shell's redirection";
    unsetenv("JOURNAL_STREAM");
}

}  // namespace
}  // namespace warren::app
