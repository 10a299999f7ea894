// SPDX-License-Identifier: BSD-3-Clause
#include "amqp/request.h"

#include <gtest/gtest.h>

#include "wire.h"

namespace warren::amqp {
namespace {

using wire::hex;

TEST(Request, TuneOk) {
    EXPECT_EQ(tune_ok({2'047, 131'072, 5}),
              hex("01 00 00 00 00 00 0c 00 0a 00 1f 07 ff 00 02 00 00 00 05 ce"));
}

TEST(Request, Open) {
    EXPECT_EQ(open("/"), hex("01 00 00 00 00 00 08 00 0a 00 28 01 2f 00 00 ce"));
}

TEST(Request, Heartbeat) {
    EXPECT_EQ(heartbeat(), hex("08 00 00 00 00 00 00 ce"));
}

TEST(Request, Close) {
    EXPECT_EQ(close_connection(200, "OK"),
              hex("01 00 00 00 00 00 0d 00 0a 00 32 00 c8 02 4f 4b 00 00 00 00 ce"));
    EXPECT_EQ(confirm_close(), hex("01 00 00 00 00 00 04 00 0a 00 33 ce"));
    EXPECT_EQ(confirm_channel_close(), hex("01 00 01 00 00 00 04 00 14 00 29 ce"));
}

TEST(Request, Channel) {
    EXPECT_EQ(open_channel(), hex("01 00 01 00 00 00 05 00 14 00 0a 00 ce"));
    EXPECT_EQ(select_confirms(), hex("01 00 01 00 00 00 05 00 55 00 0a 00 ce"));
}

TEST(Request, PublishIsAMethodAndAnEmptyHeader) {
    EXPECT_EQ(publish("k"),
              hex("01 00 01 00 00 00 0a 00 3c 00 28 00 00 00 01 6b 00 ce"
                  " 02 00 01 00 00 00 0e 00 3c 00 00 00 00 00 00 00 00 00 00 00 00 ce"));
}

TEST(Request, StartOkLogsInAndSaysWhatItCanDo) {
    const Frames frames = start_ok({"lbcheck", "secret", "warren"});
    const std::string text(frames.begin(), frames.end());
    // Mechanism, response, locale as in the specification's example.
    const wire::Bytes tail =
        hex("05 50 4c 41 49 4e 00 00 00 0f 00 6c 62 63 68 65 63 6b 00 73 65 63 72 65 74 "
            "05 65 6e 5f 55 53 ce");
    EXPECT_EQ(text.substr(text.size() - tail.size()), std::string(tail.begin(), tail.end()));
    EXPECT_NE(text.find(std::string("authentication_failure_closet\x01", 30)), std::string::npos);
    EXPECT_NE(text.find(std::string("connection.blockedt\x01", 20)), std::string::npos);
    EXPECT_TRUE(std::holds_alternative<Frame>(next_frame(frames, frames.size())));
}

}  // namespace
}  // namespace warren::amqp
