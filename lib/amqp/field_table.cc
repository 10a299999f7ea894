// SPDX-License-Identifier: BSD-3-Clause
#include "amqp/field_table.h"

namespace warren::amqp {
namespace {

// Bytes of a value whose length its type says; nothing for others.
std::optional<std::size_t> fixed_bytes(char type) {
    switch (type) {
        case 'V':
            return 0;
        case 't':
        case 'b':
        case 'B':
            return 1;
        case 's':
        case 'u':
            return 2;
        case 'I':
        case 'i':
        case 'f':
            return 4;
        case 'D':
            return 5;
        case 'l':
        case 'd':
        case 'T':
            return 8;
        default:
            return std::nullopt;
    }
}

bool has_length(char type) {
    return type == 'S' || type == 'x' || type == 'F' || type == 'A';
}

}  // namespace

std::string Field::text() const {
    if (type != 'S') return {};
    return {reinterpret_cast<const char*>(value.data()), value.size()};
}

std::optional<net::ConstBytes> FieldTable::value_of(char type) {
    if (has_length(type)) return in_.long_bytes();
    const std::optional<std::size_t> bytes = fixed_bytes(type);
    if (!bytes) return std::nullopt;
    return in_.bytes(*bytes);
}

std::optional<Field> FieldTable::next() {
    if (failed_ || in_.at_end()) return std::nullopt;
    Field field;
    field.name = in_.short_string();
    field.type = static_cast<char>(in_.u8());
    const std::optional<net::ConstBytes> value = value_of(field.type);
    failed_ = !value || in_.failed();
    if (failed_) return std::nullopt;
    field.value = *value;
    return field;
}

}  // namespace warren::amqp
