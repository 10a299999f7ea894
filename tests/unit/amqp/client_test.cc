// SPDX-License-Identifier: BSD-3-Clause
// The client against a broker's bytes and a clock of ours. What happened stands as text: sent
// frames by their method, findings by their kind.
#include "amqp/client.h"

#include <gtest/gtest.h>

#include "wire.h"

namespace warren::amqp {
namespace {

constexpr std::int64_t ms = 1'000'000;

const char* word(Finding::Kind kind) {
    constexpr const char* words[] = {"serving", "blocked", "draining", "silent",
                                     "denied",  "foreign", "broken"};
    return words[static_cast<int>(kind)];
}

std::string word_of_method(std::uint32_t id) {
    switch (id) {
        case 0x000a'000b:
            return "start-ok";
        case 0x000a'001f:
            return "tune-ok";
        case 0x000a'0028:
            return "open";
        case 0x000a'0032:
            return "close";
        case 0x000a'0033:
            return "close-ok";
        case 0x0014'000a:
            return "channel";
        case 0x0014'0029:
            return "channel-close-ok";
        case 0x003c'0028:
            return "publish";
        case 0x0055'000a:
            return "select";
        default:
            return "?";
    }
}

std::string word(const Send& send) {
    if (send.frames[0] == 'A') return "header";
    const Frame frame = std::get<Frame>(next_frame(send.frames, 100'000));
    if (frame.type == FrameType::heartbeat) return "heartbeat";
    return word_of_method(net::load<net::Be32>(frame.payload, 0).host());
}

class ClientTest : public testing::Test {
  protected:
    void use(Level level, const char* cluster = "") {
        Settings settings;
        settings.level = level;
        settings.login = {"warren", "secret", "check"};
        settings.cluster_name = cluster;
        client_.emplace(settings);
    }
    std::string does(const Event& event) {
        std::string text;
        for (const Action& action : client_->step(event, now_ns_)) {
            if (!text.empty()) text += ' ';
            if (const auto* send = std::get_if<Send>(&action)) text += word(*send);
            if (const auto* finding = std::get_if<Finding>(&action)) {
                text += word(finding->kind);
                last_ = *finding;
            }
            if (std::holds_alternative<Disconnect>(action)) text += "disconnect";
        }
        return text;
    }
    std::string hears(const wire::Bytes& bytes) { return does(Received{bytes}); }
    void pass(std::int64_t time_ms) { now_ns_ += time_ms * ms; }
    // Ticks when the client asks for it, until that time has passed.
    std::string waits(std::int64_t time_ms) {
        const std::int64_t end = now_ns_ + time_ms * ms;
        std::string text;
        while (client_->deadline_ns() <= end) {
            now_ns_ = std::max(now_ns_, client_->deadline_ns());
            const std::string more = does(Tick{is_acknowledged_});
            text += (text.empty() || more.empty() ? "" : " ") + more;
        }
        now_ns_ = end;
        return text;
    }
    void open(Level level = Level::session) {
        use(level);
        does(Connected{});
        hears(wire::start());
        hears(wire::tune);
        hears(wire::open_ok);
        hears(wire::channel_open_ok);
        if (level == Level::publish) hears(wire::confirm_select_ok);
        ASSERT_TRUE(client_->is_open());
    }

    std::optional<Client> client_;
    std::int64_t now_ns_ = 1'000'000 * ms;
    bool is_acknowledged_ = false;  // what is sent
    Finding last_;
};

TEST_F(ClientTest, SessionOpens) {
    use(Level::session, "rabbit@prod");
    EXPECT_EQ(does(Connected{}), "header");
    EXPECT_EQ(hears(wire::start("rabbit@prod")), "start-ok");
    EXPECT_EQ(hears(wire::tune), "tune-ok open");
    EXPECT_EQ(hears(wire::open_ok), "channel");
    EXPECT_EQ(hears(wire::channel_open_ok), "publish serving");
    EXPECT_EQ(client_->greeting()->version, "3.10.8");
}

TEST_F(ClientTest, SaysSomethingWhenNudged) {
    open();
    EXPECT_EQ(does(Nudge{}), "heartbeat");
    use(Level::session);
    does(Connected{});
    EXPECT_EQ(does(Nudge{}), "") << "not before there is a session";
}

TEST_F(ClientTest, BytesMayComeOneByOne) {
    use(Level::session);
    does(Connected{});
    std::string text;
    for (const wire::Bytes& frame : {wire::start(), wire::tune, wire::open_ok})
        for (const std::uint8_t byte : frame)
            text += hears({byte});
    EXPECT_EQ(text, "start-oktune-ok openchannel");
}

TEST_F(ClientTest, GreetingIsEnoughForItsLevel) {
    use(Level::greeting);
    does(Connected{});
    EXPECT_EQ(hears(wire::start()), "serving disconnect");
    EXPECT_EQ(client_->deadline_ns(), no_deadline);
}

TEST_F(ClientTest, AnotherClusterIsForeign) {
    use(Level::session, "rabbit@prod");
    does(Connected{});
    EXPECT_EQ(hears(wire::start("rabbit@test")), "foreign disconnect");
    EXPECT_EQ(last_.text, "is of the cluster 'rabbit@test', not 'rabbit@prod'");
}

TEST_F(ClientTest, AnotherProductIsForeign) {
    use(Level::session);
    does(Connected{});
    EXPECT_EQ(hears(wire::start("", "LavinMQ")), "foreign disconnect");
}

TEST_F(ClientTest, WhatIsNoBrokerIsForeign) {
    use(Level::session);
    does(Connected{});
    EXPECT_EQ(hears(wire::hex("48 54 54 50")), "foreign disconnect");
}

TEST_F(ClientTest, NoGreetingInTimeIsSilence) {
    use(Level::session);
    does(Connected{});
    EXPECT_EQ(waits(999), "");
    EXPECT_EQ(waits(1), "silent disconnect");
}

TEST_F(ClientTest, RefusedLogin) {
    use(Level::session);
    does(Connected{});
    hears(wire::start());
    EXPECT_EQ(hears(wire::close(403, "ACCESS_REFUSED")), "close-ok denied disconnect");
    EXPECT_EQ(last_.text, "closed the connection with 403 ACCESS_REFUSED");
}

TEST_F(ClientTest, RefusedVhost) {
    use(Level::session);
    does(Connected{});
    hears(wire::start());
    hears(wire::tune);
    EXPECT_EQ(hears(wire::close(530, "vhost nowhere not found")), "close-ok denied disconnect");
}

TEST_F(ClientTest, ALimitOfConnectionsIsNoDeath) {
    for (const char* text : {"NOT_ALLOWED - access to vhost '/' refused for user 'u': connection "
                             "limit (3) is reached",
                             "NOT_ALLOWED - Connection refused for user 'u': user connection limit "
                             "(3) is reached"}) {
        use(Level::session);
        does(Connected{});
        hears(wire::start());
        hears(wire::tune);
        EXPECT_EQ(hears(wire::close(530, text)), "close-ok serving disconnect");
        EXPECT_EQ(last_.text, "closed the connection with 530 " + std::string(text));
    }
}

TEST_F(ClientTest, HeartbeatsGoOutTwiceAnInterval) {
    open();
    waits(300);
    hears(wire::heartbeat_frame);
    EXPECT_EQ(waits(800), "heartbeat heartbeat");
}

TEST_F(ClientTest, FramesSayThatTheNodeServes) {
    open();
    EXPECT_EQ(hears(wire::heartbeat_frame), "") << "that has just been told";
    pass(500);
    EXPECT_EQ(hears(wire::heartbeat_frame), "serving");
}

TEST_F(ClientTest, TwoMissedHeartbeatsEndTheSession) {
    open();
    EXPECT_EQ(waits(1'249), "heartbeat heartbeat");
    EXPECT_EQ(waits(1), "silent");
    EXPECT_EQ(waits(999), "heartbeat heartbeat");
    EXPECT_EQ(waits(1), "silent disconnect");
}

TEST_F(ClientTest, ABusyNodesSessionLastsTenSeconds) {
    open();
    is_acknowledged_ = true;
    for (int missed = 1; missed < 10; ++missed) {
        const std::string text = waits(missed == 1 ? 1'250 : 1'000);
        EXPECT_NE(text.find("silent"), std::string::npos) << missed << ": each is told";
        EXPECT_EQ(text.find("disconnect"), std::string::npos) << missed;
    }
    EXPECT_NE(waits(1'000).find("silent disconnect"), std::string::npos);
}

TEST_F(ClientTest, ABusyNodesHeartbeatIsHeardInTheSameSession) {
    open();
    is_acknowledged_ = true;
    waits(5'000);
    EXPECT_EQ(hears(wire::heartbeat_frame), "serving");
}

TEST_F(ClientTest, OneMissedHeartbeatIsForgiven) {
    open();
    EXPECT_EQ(waits(1'250), "heartbeat heartbeat silent");
    pass(100);
    EXPECT_EQ(hears(wire::heartbeat_frame), "");
    EXPECT_EQ(waits(1'249).find("silent"), std::string::npos);
    EXPECT_EQ(waits(1), "silent");
}

TEST_F(ClientTest, DrainIsAFarewell) {
    open();
    EXPECT_EQ(hears(wire::close(320, "CONNECTION_FORCED - Node was put into maintenance mode")),
              "close-ok draining disconnect");
    EXPECT_EQ(hears(wire::heartbeat_frame), "") << "nothing follows";
}

TEST_F(ClientTest, AlarmBlocks) {
    open();
    EXPECT_EQ(hears(wire::blocked("low on memory")), "blocked");
    EXPECT_EQ(last_.text, "memory alarm") << "as the management API calls it";
    pass(500);
    EXPECT_EQ(hears(wire::heartbeat_frame), "blocked") << "alive, and still so";
    EXPECT_EQ(waits(1'200), "") << "it does not read: heartbeats and publishes would pile up";
    EXPECT_EQ(hears(wire::unblocked), "serving");
    EXPECT_EQ(waits(0), "heartbeat");
}

TEST_F(ClientTest, PublishesNowAndThenToSeeAlarms) {
    open();
    std::string text;
    for (int i = 0; i < 10; ++i) {
        text += waits(500) + ' ';
        hears(wire::heartbeat_frame);
    }
    EXPECT_NE(text.find("publish"), std::string::npos);
    EXPECT_EQ(text.find("publish"), text.rfind("publish")) << "once in 5 s";
}

TEST_F(ClientTest, ConfirmLatencyIsMeasured) {
    use(Level::publish);
    does(Connected{});
    hears(wire::start());
    hears(wire::tune);
    hears(wire::open_ok);
    EXPECT_EQ(hears(wire::channel_open_ok), "select");
    EXPECT_EQ(hears(wire::confirm_select_ok), "publish serving");
    EXPECT_FALSE(last_.confirm_ns);
    pass(7);
    EXPECT_EQ(hears(wire::ack), "serving");
    EXPECT_EQ(last_.confirm_ns, 7 * ms);
    EXPECT_EQ(hears(wire::ack), "") << "nobody waits for it";
}

TEST_F(ClientTest, AnOverdueConfirmIsToldWhileItLasts) {
    open(Level::publish);
    pass(500);
    EXPECT_EQ(hears(wire::heartbeat_frame), "serving");
    EXPECT_EQ(last_.confirm_ns, 500 * ms);
    std::string text;
    for (int i = 0; i < 20; ++i) {
        text += waits(500);
        hears(wire::heartbeat_frame);
    }
    EXPECT_EQ(text.find("publish"), std::string::npos) << "one at a time";
    EXPECT_EQ(last_.confirm_ns, 10'500 * ms);
}

TEST_F(ClientTest, AlarmIsNoLateConfirm) {
    open(Level::publish);
    hears(wire::blocked("low on disk"));
    pass(500);
    EXPECT_EQ(hears(wire::heartbeat_frame), "blocked");
    EXPECT_FALSE(last_.confirm_ns);
}

TEST_F(ClientTest, WhoMayNotPublishSeesNoAlarms) {
    open();
    EXPECT_EQ(hears(wire::close_channel(403, "ACCESS_REFUSED - write access")),
              "channel-close-ok serving");
    EXPECT_EQ(last_.text,
              "alarms are not seen: the broker closed the channel with 403 ACCESS_REFUSED - write "
              "access");
    EXPECT_EQ(waits(1'000), "heartbeat heartbeat");
    EXPECT_TRUE(client_->is_open());
}

TEST_F(ClientTest, LeavesWithAGoodBye) {
    open();
    EXPECT_EQ(does(Leave{}), "close");
    EXPECT_FALSE(client_->is_open());
    EXPECT_EQ(hears(wire::heartbeat_frame), "");
    EXPECT_EQ(hears(wire::close_ok), "disconnect");
}

TEST_F(ClientTest, WaitsForTheAnswerToItsGoodByeNotForEver) {
    open();
    does(Leave{});
    EXPECT_EQ(waits(999), "");
    EXPECT_EQ(waits(1), "disconnect");
}

TEST_F(ClientTest, BothMayLeaveAtOnce) {
    open();
    does(Leave{});
    EXPECT_EQ(hears(wire::close(320, "shutdown")), "close-ok disconnect");
}

TEST_F(ClientTest, LeavesWithoutAWordBeforeTheSession) {
    use(Level::session);
    does(Connected{});
    EXPECT_EQ(does(Leave{}), "disconnect");
}

TEST_F(ClientTest, NonsenseBreaksTheSession) {
    for (const wire::Bytes& nonsense : {wire::start(), wire::tune, wire::open_ok, wire::close_ok,
                                        wire::hex("01 00 00 00 00 00 01 00 ce")}) {
        open();
        EXPECT_EQ(hears(nonsense), "broken disconnect");
    }
}

}  // namespace
}  // namespace warren::amqp
