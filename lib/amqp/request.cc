// SPDX-License-Identifier: BSD-3-Clause
#include "amqp/request.h"

#include "amqp/frame.h"
#include "amqp/method_id.h"
#include "amqp/writer.h"

namespace warren::amqp {
namespace {

constexpr std::uint16_t class_basic = 60;

Writer begin(MethodId id) {
    Writer out;
    out.u32(static_cast<std::uint32_t>(id));
    return out;
}

Frames on_channel(std::uint16_t channel, Writer& payload) {
    return build_frame(FrameType::method, channel, payload.take());
}

Frames on_connection(Writer& payload) {
    return on_channel(0, payload);
}

void add_true(Writer& table, std::string_view name) {
    table.short_string(name).u8('t').u8(1);
}

void add_text(Writer& table, std::string_view name, std::string_view text) {
    table.short_string(name).u8('S').long_string(text);
}

Frames capabilities() {
    Writer table;
    for (const char* name :
         {"authentication_failure_close", "connection.blocked", "publisher_confirms"})
        add_true(table, name);
    return table.take();
}

Frames client_properties(const Login& login) {
    Writer table;
    add_text(table, "product", "Warren");
    add_text(table, "connection_name", login.connection_name);
    table.short_string("capabilities").u8('F').long_bytes(capabilities());
    return table.take();
}

// RFC 4616: authorization identity (none), user, password.
std::string sasl_plain(const Login& login) {
    return '\0' + login.username + '\0' + login.password;
}

}  // namespace

Frames start_ok(const Login& login) {
    Writer out = begin(MethodId::connection_start_ok);
    out.long_bytes(client_properties(login));
    out.short_string("PLAIN").long_string(sasl_plain(login)).short_string("en_US");
    return on_connection(out);
}

Frames tune_ok(const Tune& tune) {
    Writer out = begin(MethodId::connection_tune_ok);
    out.u16(tune.channel_max).u32(tune.frame_max).u16(tune.heartbeat_s);
    return on_connection(out);
}

Frames open(std::string_view vhost) {
    Writer out = begin(MethodId::connection_open);
    out.short_string(vhost).u8(0).u8(0);  // two fields of older versions
    return on_connection(out);
}

Frames open_channel() {
    Writer out = begin(MethodId::channel_open);
    out.u8(0);
    return on_channel(probe_channel, out);
}

Frames select_confirms() {
    Writer out = begin(MethodId::confirm_select);
    out.u8(0);
    return on_channel(probe_channel, out);
}

Frames publish(std::string_view routing_key) {
    Writer method = begin(MethodId::basic_publish);
    method.u16(0)
        .short_string("")
        .short_string(routing_key)
        .u8(0);  // neither mandatory nor immediate
    Frames frames = on_channel(probe_channel, method);
    Writer header;
    header.u16(class_basic).u16(0).u64(0).u16(0);  // no body, no properties
    const Frames head = build_frame(FrameType::header, probe_channel, header.take());
    frames.insert(frames.end(), head.begin(), head.end());
    return frames;
}

Frames heartbeat() {
    return build_frame(FrameType::heartbeat, 0, {});
}

Frames close_connection(std::uint16_t code, std::string_view text) {
    Writer out = begin(MethodId::connection_close);
    out.u16(code).short_string(text).u32(0);  // no method is to blame
    return on_connection(out);
}

Frames confirm_close() {
    Writer out = begin(MethodId::connection_close_ok);
    return on_connection(out);
}

Frames confirm_channel_close() {
    Writer out = begin(MethodId::channel_close_ok);
    return on_channel(probe_channel, out);
}

}  // namespace warren::amqp
