// SPDX-License-Identifier: BSD-3-Clause
// What a command prints, and as what: text for people, or rows for programs. JSON is one object,
// {"schema": 1, "instance": …, "time": …, "rows": […]}; jsonl a row a line; CSV (RFC 4180) a line
// of names, then a row a line, lists and objects in it as JSON; name: only whose row it is, a line
// each.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "asking/telemetry.h"

namespace warren::ctl {

enum class Format { text, json, jsonl, csv, name };

std::optional<Format> format_called(const std::string& name);
const std::vector<std::string>& format_names();

// Raised when a name goes or means something else; new names do not raise it.
inline constexpr int json_schema = 1;

struct Output {
    std::ostream& out;
    Format format = Format::text;
    std::string instance{};

    bool is_text() const { return format == Format::text; }
};

// Not as text.
void write_rows(const Output& output, const std::vector<Json>& rows);
// One of many that come by and by; titles of CSV are the first one's. Of JSON a line.
void write_later_rows(const Output& output, const std::vector<Json>& rows);

}  // namespace warren::ctl
