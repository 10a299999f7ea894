// SPDX-License-Identifier: BSD-3-Clause
// Somebody captures at the socket: what he gets, what ends it, what is left. The workers are the
// test's.
#include "telemetry/capture_desk.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "unit/capture/packet.h"

namespace warren::telemetry {
namespace {

using namespace std::chrono_literals;

class Reader {
  public:
    explicit Reader(const std::string& path) : socket_(socket(AF_UNIX, SOCK_SEQPACKET, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
        is_connected_ =
            connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
    }
    ~Reader() { go(); }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    bool is_connected() const { return is_connected_; }
    void say(const std::string& text) const {
        EXPECT_EQ(send(socket_, text.data(), text.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(text.size()));
    }
    void end() const { shutdown(socket_, SHUT_WR); }
    void go() {
        if (socket_ >= 0) close(std::exchange(socket_, -1));
    }
    // What has come so far, by the first bytes of messages.
    void listen() {
        std::vector<char> message(65'536);
        for (;;) {
            const ssize_t size = recv(socket_, message.data(), message.size(), MSG_DONTWAIT);
            if (size == 0) is_over = true;
            if (size <= 0) return;
            heard[message[0]] +=
                std::string(message.data() + 1, static_cast<std::size_t>(size) - 1);
        }
    }

    std::map<char, std::string> heard;
    bool is_over = false;

  private:
    int socket_;
    bool is_connected_ = false;
};

class Desk : public testing::Test {
  protected:
    Desk()
        : folder_(std::filesystem::temp_directory_path() /
                  ("capture-desk-" + std::to_string(getpid()))) {
        std::filesystem::create_directory(folder_);
        desk_.emplace(io_, events_, path(), means());
    }
    ~Desk() override { std::filesystem::remove_all(folder_); }

    std::string path() const { return folder_ / "socket"; }
    CaptureMeans means() {
        return {.workers = 2,
                .port_names =
                    [] {
                        return std::vector<std::string>{"eth0", "eth1"};
                    },
                .show =
                    [this](std::shared_ptr<exchange::CaptureTap> tap) {
                        tap_ = std::move(tap);
                        ++shown_;
                    }};
    }
    // Turns the loop until that holds; false: it never did.
    template <typename Holds>
    bool run_until(Holds holds) {
        const auto end = std::chrono::steady_clock::now() + 5s;
        while (!holds() && std::chrono::steady_clock::now() < end)
            io_.run_one_for(10ms);
        return holds();
    }
    bool hears(Reader& reader, char kind) {
        return run_until([&] {
            reader.listen();
            return reader.heard.contains(kind);
        });
    }
    bool ends(Reader& reader) {
        return run_until([&] {
            reader.listen();
            return reader.is_over;
        });
    }
    bool begins() {
        return run_until([this] { return tap_ != nullptr; });
    }
    void show(unsigned packets, unsigned worker = 0) {
        for (unsigned i = 0; i < packets; ++i) {
            exchange::CaptureSlot slot = capture::slot_of(capture::admitted(), tap_->snap_bytes);
            tap_->rings[worker]->push(slot);
        }
    }

    std::filesystem::path folder_;
    boost::asio::io_context io_;
    journal::EventLog events_;
    std::shared_ptr<exchange::CaptureTap> tap_;  // what the workers have
    int shown_ = 0;
    std::optional<CaptureDesk> desk_;
};

TEST_F(Desk, GivesWhatWorkersShow) {
    Reader reader(path());
    reader.say("trace client 192.168.8.50 snap 100 packets 100");
    ASSERT_TRUE(begins());
    EXPECT_EQ(tap_->filter.client.address, packets::address("192.168.8.50"));
    EXPECT_EQ(tap_->snap_bytes, 100U);
    show(2, 1);
    ASSERT_TRUE(hears(reader, CaptureStream::data));
    EXPECT_NE(reader.heard['d'].find("rewritten"), std::string::npos);
}

TEST_F(Desk, EndsWhenItsReaderSaysSoAndSendsWhatIsLeft) {
    Reader reader(path());
    reader.say("pcapng");
    ASSERT_TRUE(begins());
    show(5);
    reader.end();
    ASSERT_TRUE(ends(reader));
    EXPECT_EQ(reader.heard['r'], "5 packets, 0 copies lost: its reader has ended it");
    EXPECT_EQ(tap_, nullptr);
    EXPECT_EQ(shown_, 2);
    EXPECT_EQ(reader.heard['d'].substr(0, 4), "\x0a\x0d\x0d\x0a");
}

TEST_F(Desk, EndsAfterSoManyPackets) {
    Reader reader(path());
    reader.say("pcapng packets 3");
    ASSERT_TRUE(begins());
    show(5);
    ASSERT_TRUE(ends(reader));
    EXPECT_EQ(reader.heard['r'], "3 packets, 0 copies lost: as much as was asked for");
    EXPECT_EQ(tap_, nullptr);
}

TEST_F(Desk, EndsWhenItsTimeIsOver) {
    Reader reader(path());
    reader.say("trace seconds 1");
    ASSERT_TRUE(begins());
    ASSERT_TRUE(ends(reader));
    EXPECT_EQ(reader.heard['r'], "0 packets, 0 copies lost: its time is over");
}

TEST_F(Desk, EndsWithAReaderThatIsGone) {
    Reader reader(path());
    reader.say("pcapng");
    ASSERT_TRUE(begins());
    const std::weak_ptr<exchange::CaptureTap> held = tap_;
    show(5);
    reader.go();
    ASSERT_TRUE(run_until([&] { return tap_ == nullptr && held.expired(); }));
    Reader next(path());
    next.say("pcapng");
    EXPECT_TRUE(begins()) << "the desk is free again";
}

// He has stopped reading: what waits is bounded, then copies are lost, and time ends it.
TEST_F(Desk, DoesNotWaitForASlowReader) {
    Reader reader(path());
    reader.say("pcapng seconds 2 packets 1000000 snap 2048");
    ASSERT_TRUE(begins());
    const std::shared_ptr<exchange::CaptureTap> tap = tap_;
    std::uint64_t shown = 0;
    while (tap_ != nullptr && shown < 200'000) {
        show(500);
        shown += 500;
        io_.run_for(1ms);
    }
    EXPECT_GT(tap->lost(), 1'000U);
    EXPECT_LT(shown - tap->lost(), 20'000U) << "no more is taken than can wait";
    ASSERT_TRUE(run_until([this] { return tap_ == nullptr; }));
    ASSERT_TRUE(ends(reader));
}

TEST_F(Desk, OneCapturesAtATime) {
    Reader first(path()), second(path());
    first.say("pcapng");
    ASSERT_TRUE(begins());
    second.say("pcapng");
    ASSERT_TRUE(hears(second, CaptureStream::refusal));
    EXPECT_EQ(second.heard['e'], "somebody captures already: see warrenctl events process");
    EXPECT_TRUE(ends(second));
    EXPECT_NE(tap_, nullptr);
}

TEST_F(Desk, RefusesInWords) {
    Reader reader(path());
    reader.say("pcapng port eth7");
    ASSERT_TRUE(ends(reader));
    EXPECT_EQ(reader.heard['e'], "no interface \"eth7\" is Warren's");
    EXPECT_EQ(shown_, 0);
}

TEST_F(Desk, WhoAsksNothingMakesRoomForOthers) {
    Reader silent(path());
    ASSERT_TRUE(run_until([&] {
        Reader other(path());
        other.say("pcapng");
        return run_until([&] {
                   other.listen();
                   return other.is_over || tap_ != nullptr;
               }) &&
               tap_ != nullptr;
    }));
}

TEST_F(Desk, IsForItsUserAlone) {
    struct stat found {};
    ASSERT_EQ(stat(path().c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777, 0600U);
    desk_.reset();
    EXPECT_NE(stat(path().c_str(), &found), 0);
}

TEST_F(Desk, APathThatCannotBeHadIsAnEvent) {
    const CaptureDesk other(io_, events_, folder_ / "no" / "socket", means());
    EXPECT_EQ(events_.count(journal::EventLevel::warning), 1U);
}

}  // namespace
}  // namespace warren::telemetry
