// SPDX-License-Identifier: BSD-3-Clause
// The families of each scope; metrics.h puts them together.
#pragma once

#include <cstdint>

#include "metrics/exposition.h"
#include "metrics/facts.h"
#include "metrics/pool_rows.h"

namespace warren::metrics {

void add_process(Exposition& out, const Facts& facts);
void add_vrrp(Exposition& out, const Facts& facts);
void add_services(Exposition& out, const Pool& pool);
void add_servers(Exposition& out, const Pool& pool);
void add_connects(Exposition& out, const Pool& pool);
void add_workers(Exposition& out, const Facts& facts);
void add_ports(Exposition& out, const Facts& facts);

inline double number(std::uint64_t value) {
    return static_cast<double>(value);
}

// Seconds since 1970 of a moment of the monotonic clock; 0 stays 0.
inline double wall_s(const views::ViewContext& view, std::uint64_t then_ns) {
    if (then_ns == 0) return 0;
    return (static_cast<double>(view.wall_ms) - static_cast<double>(ms_since(view, then_ns))) / 1e3;
}

// Families that are one number of each row. Neighbours of one name are one family, told apart by
// their label.
template <typename Row>
struct Column {
    std::string_view name;
    Kind kind;
    std::string_view help;
    std::string_view more;  // `direction="in"`, or nothing
    double (*value)(const Row& row);
};

template <typename Row, std::size_t N>
void add_columns(Exposition& out, const Column<Row> (&columns)[N], const std::vector<Row>& rows) {
    std::string_view last;
    for (const Column<Row>& column : columns) {
        if (column.name != last) out.begin(column.name, column.kind, column.help);
        last = column.name;
        for (const Row& row : rows)
            out.add(column.value(row), row.labels, column.more);
    }
}

}  // namespace warren::metrics
