// SPDX-License-Identifier: BSD-3-Clause
#include "amqp/method.h"

#include "amqp/field_table.h"
#include "amqp/method_id.h"
#include "amqp/reader.h"

namespace warren::amqp {
namespace {

void read_capabilities(net::ConstBytes table, Start& start) {
    FieldTable fields(table);
    while (const auto field = fields.next()) {
        if (field->name == "connection.blocked") start.connection_blocked = field->truth();
        if (field->name == "publisher_confirms") start.publisher_confirms = field->truth();
    }
}

bool read_properties(net::ConstBytes table, Start& start) {
    FieldTable fields(table);
    while (const auto field = fields.next()) {
        if (field->name == "product") start.product = field->text();
        if (field->name == "version") start.version = field->text();
        if (field->name == "cluster_name") start.cluster_name = field->text();
        if (field->name == "platform") start.platform = field->text();
        if (field->name == "capabilities" && field->type == 'F')
            read_capabilities(field->value, start);
    }
    return !fields.failed();
}

Method read_start(Reader& in) {
    Start start;
    in.u16();  // 0 9, as asked for
    if (!read_properties(in.long_bytes(), start)) return MalformedMethod{};
    start.mechanisms = in.long_string();
    in.long_string();  // locales
    return start;
}

Method read_tune(Reader& in) {
    Tune tune;
    tune.channel_max = in.u16();
    tune.frame_max = in.u32();
    tune.heartbeat_s = in.u16();
    return tune;
}

Method read_close(Reader& in, bool is_channel) {
    Close close;
    close.is_channel = is_channel;
    close.code = in.u16();
    close.text = in.short_string();
    in.u32();  // the method to blame
    return close;
}

Method read_confirm(Reader& in) {
    Confirm confirm;
    confirm.delivery_tag = in.u64();
    confirm.multiple = (in.u8() & 1) != 0;
    return confirm;
}

Method read_arguments(MethodId id, Reader& in) {
    switch (id) {
        case MethodId::connection_start:
            return read_start(in);
        case MethodId::connection_tune:
            return read_tune(in);
        case MethodId::connection_open_ok:
            return Ok{Ok::To::open};
        case MethodId::connection_close:
            return read_close(in, false);
        case MethodId::connection_close_ok:
            return Ok{Ok::To::close};
        case MethodId::connection_blocked:
            return Blocked{std::string(in.short_string())};
        case MethodId::connection_unblocked:
            return Unblocked{};
        case MethodId::channel_open_ok:
            return Ok{Ok::To::channel_open};
        case MethodId::channel_close:
            return read_close(in, true);
        case MethodId::confirm_select_ok:
            return Ok{Ok::To::confirm_select};
        case MethodId::basic_ack:
        case MethodId::basic_nack:
            return read_confirm(in);
        default:
            return OtherMethod{};
    }
}

}  // namespace

Method decode_method(net::ConstBytes payload) {
    Reader in(payload);
    const auto id = static_cast<MethodId>(in.u32());
    Method method = read_arguments(id, in);
    if (in.failed()) return MalformedMethod{};
    return method;
}

}  // namespace warren::amqp
