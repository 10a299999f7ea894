// SPDX-License-Identifier: BSD-3-Clause
// Whole files as people write them, after keepalived.conf(5) and the usual guides: each is
// accepted, warned about, or refused, as stated beside it. A statement stands in the smallest file
// that it makes sense in.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "load_text.h"

namespace warren::schema {

using namespace config;
using namespace syntax;

// accepted: without a warning. warned: `says` in each warning. refused: `says` in the only error.
enum class Fate { accepted, warned, refused };

struct Case {
    const char* what;
    std::string text;
    Fate fate;
    const char* says = "";
};

inline const std::string vip = "virtual_ipaddress {\n10.0.0.1/24\n}\n";

inline std::string instance(const std::string& more = "", const std::string& addresses = vip) {
    return "vrrp_instance V {\nstate BACKUP\ninterface eth0\nvirtual_router_id 51\npriority 100\n"
           "advert_int 1\n" +
           addresses + more + "\n}\n";
}
inline std::string globals(const std::string& more) {
    return "global_defs {\n" + more + "\n}\n" + instance();
}
inline std::string group(const std::string& more) {
    return instance() +
           "vrrp_instance W {\ninterface eth1\nvirtual_router_id 52\nvirtual_ipaddress {\n"
           "10.1.0.1/24\n}\n}\nvrrp_sync_group G {\ngroup {\nV\nW\n}\n" +
           more + "\n}\n";
}
inline std::string script(const std::string& more) {
    return "vrrp_script chk {\nscript \"/usr/bin/pgrep haproxy\"\n" + more + "\n}\n" +
           instance("track_script {\nchk\n}");
}
inline std::string service(const std::string& more, const std::string& of_server = "") {
    return instance() + "virtual_server 10.0.0.1 5672 {\nlb_algo wlc\nlb_kind DR\nprotocol TCP\n" +
           more + "\nreal_server 10.0.0.2 5672 {\nweight 1\nTCP_CHECK {\n}\n" + of_server +
           "\n}\n}\n";
}
// The check is its server's only one.
inline std::string check(const std::string& block) {
    return instance() +
           "virtual_server 10.0.0.1 80 {\nlb_algo wlc\nlb_kind DR\nprotocol TCP\n"
           "real_server 10.0.0.2 80 {\n" +
           block + "\n}\n}\n";
}
inline std::string server_of(const std::string& service) {
    return instance() + service +
           " {\nlb_algo rr\nlb_kind DR\nprotocol TCP\n"
           "real_server 10.0.0.2 80 {\nTCP_CHECK {\n}\n}\n}\n";
}

inline std::string told(const LoadResult& result) {
    std::string all;
    for (const Diagnostic& d : result.diagnostics)
        if (d.severity != Severity::note) all += d.to_string() + "\n";
    return all;
}

inline void expect_fate(const Case& c) {
    const LoadResult result = load_text(c.text);
    EXPECT_EQ(result.ok(), c.fate != Fate::refused) << c.what << "\n" << told(result);
    unsigned errors = 0, warnings = 0;
    for (const Diagnostic& d : result.diagnostics) {
        if (d.severity == Severity::note) continue;
        ++(d.severity == Severity::error ? errors : warnings);
        EXPECT_NE(d.where.line, 0U) << d.message;
        const bool is_stated = c.fate != Fate::accepted &&
                               (c.fate == Fate::refused) == (d.severity == Severity::error);
        const bool is_meant = is_stated && d.message.find(c.says) != std::string::npos;
        EXPECT_TRUE(is_meant || (c.fate == Fate::refused && !is_stated))
            << c.what << ": " << d.to_string();
    }
    EXPECT_EQ(errors, c.fate == Fate::refused ? 1U : 0U) << c.what << "\n" << told(result);
    EXPECT_TRUE(c.fate != Fate::warned || warnings != 0) << c.what;
}

inline constexpr Fate accepted = Fate::accepted, warned = Fate::warned, refused = Fate::refused;

}  // namespace warren::schema
