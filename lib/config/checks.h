// SPDX-License-Identifier: BSD-3-Clause
// What a real_server's checks are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "net/address.h"
#include "net/proxy_header.h"
#include "syntax/diagnostic.h"

namespace warren::config {

inline constexpr std::int64_t ns_per_ms = 1'000'000;
inline constexpr std::int64_t ns_per_s = 1'000'000'000;
inline constexpr std::int64_t ns_per_hour = 3'600 * ns_per_s;
inline constexpr std::int64_t ns_per_day = 24 * ns_per_hour;

// A command of the operator, run by the manager. An empty user means global_defs' script_user.
struct Script {
    syntax::Location where;
    std::string command;
    std::string user;
    std::string group;

    friend bool operator==(const Script&, const Script&) = default;
};

// Of most checks.
inline constexpr std::int64_t usual_delay_loop_ns = 200 * ns_per_ms;
inline constexpr std::int64_t usual_connect_timeout_ns = 5 * ns_per_s;

// When a checker probes. Absent values of a real_server's checker come from its virtual_server.
struct CheckTiming {
    // Absent, which these are where nobody has written them: as the kind of check has it.
    std::optional<std::int64_t> delay_loop_ns;       // from one probe to the next
    std::optional<std::int64_t> connect_timeout_ns;  // a probe without an answer has failed
    // Failed probes forgiven, down after retry + 1; from a failed probe to the next.
    std::optional<unsigned> retry;
    std::optional<std::int64_t> delay_before_retry_ns;
    std::int64_t warmup_ns = 0;     // the first probe comes at a random time within it
    unsigned rise = 1;              // good probes in a row until a failed server is up
    bool log_all_failures = false;  // of a server that counts as up

    friend bool operator==(const CheckTiming&, const CheckTiming&) = default;
};

// Where a checker connects to and from; absent: the real_server's address and port, any source.
struct CheckEndpoint {
    std::optional<net::IpAddress> connect_ip;
    std::optional<std::uint16_t> connect_port;
    std::optional<net::IpAddress> bind_ip;
    std::uint16_t bind_port = 0;
    std::string bind_if;       // empty: any, as routes say
    std::uint32_t fwmark = 0;  // of the check's socket, for policy routes
    // Of what talks to the port that the clients of a virtual_server with it come to.
    net::ProxyVersion proxy_protocol = net::ProxyVersion::none;

    friend bool operator==(const CheckEndpoint&, const CheckEndpoint&) = default;
};

struct TcpCheck {
    syntax::Location where;
    CheckTiming timing;
    CheckEndpoint endpoint;

    friend bool operator==(const TcpCheck&, const TcpCheck&) = default;
};

struct PingCheck {
    syntax::Location where;
    CheckTiming timing;
    CheckEndpoint endpoint;  // its ports mean nothing

    friend bool operator==(const PingCheck&, const PingCheck&) = default;
};

enum class HttpProtocol : std::uint8_t { v1_0, v1_0_close, v1_1 };

// HTTP_GET, SSL_GET
struct HttpCheck {
    struct Url {
        std::string path = "/";
        std::string digest;  // MD5 of the answer, in hexadecimal
        std::vector<std::pair<unsigned, unsigned>> status_codes;  // first and last of each range
        std::string virtualhost;
        std::string regex;
        bool regex_no_match = false;
        std::vector<std::string> regex_options;                  // PCRE2's, by keepalived's names
        std::size_t regex_min_offset = 0, regex_max_offset = 0;  // 0: none
        std::size_t regex_stack_start = 0, regex_stack_max = 0;  // bytes; 0: PCRE2's own

        friend bool operator==(const Url&, const Url&) = default;
    };
    syntax::Location where;
    CheckTiming timing;
    CheckEndpoint endpoint;
    bool tls = false;
    std::vector<Url> urls;    // one an attempt, in turn
    std::string virtualhost;  // absent: the real_server's
    HttpProtocol http_protocol = HttpProtocol::v1_0;
    bool enable_sni = false;     // with the virtualhost's name,
    std::string sni_name;        // or with this one
    bool tls_compliant = false;  // an end without close_notify is a failure
    bool fast_recovery = false;

    friend bool operator==(const HttpCheck&, const HttpCheck&) = default;
};

struct MiscCheck {
    syntax::Location where;
    CheckTiming timing;
    Script script;
    std::int64_t timeout_ns = 0;  // 0: delay_loop
    bool dynamic = false;         // its exit status is a weight

    friend bool operator==(const MiscCheck&, const MiscCheck&) = default;
};

struct SmtpCheck {
    syntax::Location where;
    CheckTiming timing;
    CheckEndpoint endpoint;
    std::string helo_name;
    std::vector<CheckEndpoint> hosts;

    friend bool operator==(const SmtpCheck&, const SmtpCheck&) = default;
};

struct DnsCheck {
    syntax::Location where;
    CheckTiming timing;
    CheckEndpoint endpoint;
    std::string type = "SOA";
    std::string name = ".";

    friend bool operator==(const DnsCheck&, const DnsCheck&) = default;
};

struct UdpCheck {
    syntax::Location where;
    CheckTiming timing;
    CheckEndpoint endpoint;
    std::string payload;                       // hexadecimal
    std::optional<std::string> require_reply;  // hexadecimal, perhaps with a mask; empty: any
    unsigned min_reply_length = 0;
    unsigned max_reply_length = 255;

    friend bool operator==(const UdpCheck&, const UdpCheck&) = default;
};

struct FileCheck {
    syntax::Location where;
    std::string track_file;
    // What the file's number is multiplied with to change the server's weight; 0: the server is
    // down while it is not 0. Absent: the track_file's.
    std::optional<int> weight;
    std::optional<bool> reverse;

    friend bool operator==(const FileCheck&, const FileCheck&) = default;
};

struct BfdCheck {
    syntax::Location where;
    std::string name;

    friend bool operator==(const BfdCheck&, const BfdCheck&) = default;
};

// The `tls` block of a check.
struct CheckTls {
    std::string ca_file;      // PEM; empty: the authorities that the system trusts
    std::string server_name;  // empty: the server's address
    bool verify = true;
    // Ours, for a server that asks for one; PEM. No key_file: the key is in cert_file.
    std::string cert_file;
    std::string key_file;

    friend bool operator==(const CheckTls&, const CheckTls&) = default;
};

// Whom a check of a broker is. The file's first line is the password.
struct CheckLogin {
    std::string username;
    std::string password;
    std::string password_file;

    friend bool operator==(const CheckLogin&, const CheckLogin&) = default;
};

enum class AmqpLevel : std::uint8_t { greeting, session, publish };

struct AmqpCheck {
    syntax::Location where;
    CheckTiming timing;
    CheckEndpoint endpoint;
    AmqpLevel level = AmqpLevel::session;
    CheckLogin login;
    std::string vhost = "/";
    unsigned heartbeat_s = 1;
    std::int64_t publish_interval_ns = 5 * ns_per_s;
    std::string cluster_name;  // empty: any
    std::optional<CheckTls> tls;
    std::optional<bool> proxy_header;  // absent: as the virtual_server's clients have one

    friend bool operator==(const AmqpCheck&, const AmqpCheck&) = default;
};

// By the management API.
struct RabbitmqCheck {
    syntax::Location where;
    CheckTiming timing;
    CheckEndpoint endpoint;   // what the url does not say
    std::string path_prefix;  // of the url
    CheckLogin login;
    std::optional<CheckTls> tls;
    bool strict = false;  // an API that cannot be asked is a failure

    friend bool operator==(const RabbitmqCheck&, const RabbitmqCheck&) = default;
};
inline constexpr std::uint16_t management_port = 15'672;

using Checker = std::variant<TcpCheck, PingCheck, HttpCheck, MiscCheck, SmtpCheck, DnsCheck,
                             UdpCheck, FileCheck, BfdCheck, AmqpCheck, RabbitmqCheck>;

// "HTTP_GET"
const char* to_text(const Checker& check);
const syntax::Location& where_of(const Checker& check);

// A probe's start, deadline and retries; null for checks that others report to.
const CheckTiming* timing_of(const Checker& check);

}  // namespace warren::config
