// SPDX-License-Identifier: BSD-3-Clause
// The words of a route or a rule, one after the other. As in keepalived a line with a fault is told
// about and left out, and the rest of the file stays good. After the first fault readers give empty
// values, so nobody needs to ask after each.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "schema/keywords.h"
#include "schema/route_names.h"

namespace warren::schema {

class PolicyWords {
  public:
    // `what` the line is: "route".
    PolicyWords(SchemaContext& context, const syntax::Node& node, std::string_view what)
        : context_(context), node_(node), what_(what) {}

    bool at_end() const { return at_ == node_.words.size(); }
    bool ok() const { return !refused_; }
    const syntax::Location& where() const { return node_.where; }
    // The first fault is told: "REASON: this route is left out".
    void refuse(std::string_view reason);
    void warn(std::string message);

    const std::string& next();         // a fault at the end
    bool skip(std::string_view word);  // whether it comes next

    std::uint32_t number(std::uint32_t most = std::numeric_limits<std::uint32_t>::max());
    std::uint32_t number_or_name(RouteNames::Kind kind,
                                 std::uint32_t most = std::numeric_limits<std::uint32_t>::max());
    std::uint32_t realms();  // "[FROM/]TO"
    net::IpAddress address();
    net::Prefix prefix();  // "default", "all" and "any" too
    std::string interface();

    // All addresses of a line are of one family; without any it is IPv4.
    void expect(bool v6);
    bool is_v6() const { return v6_.value_or(false); }

  private:
    const std::string& missing();

    SchemaContext& context_;
    const syntax::Node& node_;
    std::string_view what_;
    std::size_t at_ = 0;
    bool refused_ = false;
    std::optional<bool> v6_;
};

}  // namespace warren::schema
