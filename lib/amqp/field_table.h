// SPDX-License-Identifier: BSD-3-Clause
// A field table (AMQP 0-9-1 4.2.5.5 with RabbitMQ's types), field by field. Inner tables and arrays
// are skipped by their length, so nothing recurses; who wants an inner table reads its value as a
// FieldTable. A field takes at least two bytes, so the table's length bounds the loop.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "amqp/reader.h"

namespace warren::amqp {

struct Field {
    std::string_view name;
    char type = 'V';
    net::ConstBytes value;  // of a string, table or array without its length

    bool truth() const { return type == 't' && !value.empty() && value[0] != 0; }
    // Empty if it is no string.
    std::string text() const;
};

class FieldTable {
  public:
    explicit FieldTable(net::ConstBytes table) : in_(table) {}

    // Nothing at the end, and from a malformed field on.
    std::optional<Field> next();
    bool failed() const { return failed_; }

  private:
    std::optional<net::ConstBytes> value_of(char type);

    Reader in_;
    bool failed_ = false;
};

}  // namespace warren::amqp
