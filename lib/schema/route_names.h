// SPDX-License-Identifier: BSD-3-Clause
// The names that iproute2 gives to numbers of routes and rules: built in, and from its files
// (/etc/iproute2/rt_tables and the like), which are read when a name first needs them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "syntax/file_access.h"

namespace warren::schema {

class RouteNames {
  public:
    enum class Kind : std::uint8_t { table, protocol, scope, tos, realm, group };

    explicit RouteNames(syntax::FileReader read = {}) : read_(std::move(read)) {}

    // A name or a number ("254", "0xfe") up to `most`; nothing for any other word.
    std::optional<std::uint32_t> find(Kind kind, const std::string& word, std::uint32_t most);

  private:
    using Names = std::map<std::string, std::uint32_t, std::less<>>;
    const Names& of(Kind kind);

    syntax::FileReader read_;
    std::map<Kind, Names> known_;
};

// Decimal, or hexadecimal after 0x.
std::optional<std::uint64_t> parse_any_number(std::string_view text);

}  // namespace warren::schema
