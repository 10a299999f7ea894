// SPDX-License-Identifier: BSD-3-Clause
#include "amqp/method.h"

#include <gtest/gtest.h>

#include "wire.h"

namespace warren::amqp {
namespace {

// A frame without its head and its end mark.
wire::Bytes payload(const wire::Bytes& frame) {
    return {frame.begin() + 7, frame.end() - 1};
}

template <typename T>
T decoded(const wire::Bytes& frame) {
    const Method method = decode_method(payload(frame));
    EXPECT_TRUE(std::holds_alternative<T>(method)) << method.index();
    return std::holds_alternative<T>(method) ? std::get<T>(method) : T{};
}

TEST(Method, StartSaysWhoTheBrokerIs) {
    const Start start = decoded<Start>(wire::start("rabbit@prod"));
    EXPECT_EQ(start.product, "RabbitMQ");
    EXPECT_EQ(start.version, "3.10.8");
    EXPECT_EQ(start.cluster_name, "rabbit@prod");
    EXPECT_EQ(start.platform, "Erlang/OTP 25.2.3");
    EXPECT_EQ(start.mechanisms, "AMQPLAIN PLAIN");
    EXPECT_TRUE(start.connection_blocked);
    EXPECT_TRUE(start.publisher_confirms);
}

TEST(Method, AnyTypeOfFieldIsReadOver) {
    Writer table;
    for (const char type : std::string("VtbBsuIifDldT")) {
        table.short_string("x").u8(static_cast<std::uint8_t>(type));
        const std::string sized = "V0t1b1B1s2u2I4i4f4D5l8d8T8";
        const int bytes = sized[sized.find(type) + 1] - '0';
        for (int i = 0; i < bytes; ++i)
            table.u8(0xff);
    }
    for (const char type : std::string("SxFA"))
        table.short_string("x").u8(static_cast<std::uint8_t>(type)).long_string("junk");
    wire::add_text(table, "product", "RabbitMQ");
    Writer out;
    out.u32(0x000a'000a).u16(9).long_bytes(table.take()).long_string("PLAIN").long_string("");
    EXPECT_EQ(std::get<Start>(decode_method(out.take())).product, "RabbitMQ");
}

TEST(Method, AnUnknownTypeOfFieldIsMalformed) {
    Writer table;
    table.short_string("x").u8('?');
    Writer out;
    out.u32(0x000a'000a).u16(9).long_bytes(table.take()).long_string("PLAIN").long_string("");
    EXPECT_TRUE(std::holds_alternative<MalformedMethod>(decode_method(out.take())));
}

TEST(Method, EveryCutStartIsMalformed) {
    const wire::Bytes whole = payload(wire::start());
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const wire::Bytes cut(whole.begin(), whole.begin() + std::ptrdiff_t(size));
        EXPECT_TRUE(std::holds_alternative<MalformedMethod>(decode_method(cut))) << size;
    }
}

TEST(Method, TuneAndItsLimits) {
    EXPECT_EQ(decoded<Tune>(wire::tune), (Tune{2'047, 131'072, 60}));
}

TEST(Method, CloseHasACode) {
    const Close close = decoded<Close>(wire::close(320, "CONNECTION_FORCED"));
    EXPECT_FALSE(close.is_channel);
    EXPECT_EQ(close.code, code_connection_forced);
    EXPECT_EQ(close.text, "CONNECTION_FORCED");
    EXPECT_TRUE(decoded<Close>(wire::close_channel(403, "")).is_channel);
}

TEST(Method, AlarmsAndConfirms) {
    EXPECT_EQ(decoded<Blocked>(wire::blocked("low on memory")).reason, "low on memory");
    decoded<Unblocked>(wire::unblocked);
    EXPECT_EQ(decoded<Confirm>(wire::ack).delivery_tag, 1U);
    EXPECT_EQ(decoded<Ok>(wire::open_ok).to, Ok::To::open);
    EXPECT_EQ(decoded<Ok>(wire::close_ok).to, Ok::To::close);
    EXPECT_EQ(decoded<Ok>(wire::channel_open_ok).to, Ok::To::channel_open);
    EXPECT_EQ(decoded<Ok>(wire::confirm_select_ok).to, Ok::To::confirm_select);
}

TEST(Method, OthersAreNothingToUs) {
    decoded<OtherMethod>(wire::method(0x003c'0032));
}

}  // namespace
}  // namespace warren::amqp
