// SPDX-License-Identifier: BSD-3-Clause
// The check blocks of a real_server.
#include "schema/schema.h"

namespace warren::schema {
namespace {

constexpr std::int64_t least_delay_loop_ns = 10 * config::ns_per_ms;
constexpr std::int64_t longest_timeout_ns = config::ns_per_hour;

void read_retry(Statement& s, config::CheckTiming& t) {
    unsigned retry = 0;
    if (s.number(0, 1'000, retry)) t.retry = retry;
}

constexpr Keyword<config::CheckTiming> timing_keywords[] = {
    {"delay_loop", 1, 1,
     [](Statement& s, config::CheckTiming& t) {
         std::int64_t value_ns = t.delay_loop_ns.value_or(config::usual_delay_loop_ns);
         s.seconds_or_default(least_delay_loop_ns, config::ns_per_day, value_ns);
         t.delay_loop_ns = value_ns;
     }},
    {"connect_timeout", 1, 1,
     [](Statement& s, config::CheckTiming& t) {
         s.seconds(config::ns_per_ms, longest_timeout_ns, t.connect_timeout_ns);
     }},
    {"retry", 1, 1, read_retry},
    {"nb_get_retry", 1, 1, read_retry},
    {"nb_sock_retry", 1, 1, read_retry},  // DPVS's
    {"delay_before_retry", 1, 1,
     [](Statement& s, config::CheckTiming& t) {
         s.seconds(0, longest_timeout_ns, t.delay_before_retry_ns);
     }},
    {"warmup", 1, 1,
     [](Statement& s, config::CheckTiming& t) { s.seconds(0, config::ns_per_day, t.warmup_ns); }},
};

constexpr Keyword<config::CheckTiming> own_timing_keywords[] = {
    {"rise", 1, 1, [](Statement& s, config::CheckTiming& t) { s.number(1, 1'000, t.rise); }},
    {"log_all_failures", 0, 1,
     [](Statement& s, config::CheckTiming& t) { s.boolean(t.log_all_failures); }},
};

constexpr Keyword<config::CheckEndpoint> endpoint_keywords[] = {
    {"connect_ip", 1, 1, [](Statement& s, config::CheckEndpoint& e) { s.address(e.connect_ip); }},
    {"connect_port", 1, 1,
     [](Statement& s, config::CheckEndpoint& e) {
         std::uint16_t port = 0;
         if (s.number(1, 65'535, port)) e.connect_port = port;
     }},
    {"bindto", 1, 1, [](Statement& s, config::CheckEndpoint& e) { s.address(e.bind_ip); }},
    {"bind_port", 1, 1,
     [](Statement& s, config::CheckEndpoint& e) { s.number(1, 65'535, e.bind_port); }},
    {"bind_if", 1, 1, [](Statement& s, config::CheckEndpoint& e) { s.interface(e.bind_if); }},
    {"fwmark", 1, 1,
     [](Statement& s, config::CheckEndpoint& e) { s.number(0, UINT32_MAX, e.fwmark); }},
};

constexpr IgnoredKeyword ignored_checker[] = {
    {"timeout", "keepalived has no such keyword either: use connect_timeout"},
    {"dynamic", "a FILE_CHECK with a weight always changes the server's"},
};

constexpr Keyword<config::RealServer> alpha_keyword[] = {
    {"alpha", 0, 1, [](Statement& s, config::RealServer& r) { s.boolean(r.alpha); }}};

// ---- what each check has of its own

// 200, 200-299, several of them.
void read_status_codes(Statement& s, config::HttpCheck::Url& url) {
    for (std::size_t i = 0; i < s.args(); ++i) {
        const std::string& word = s.arg(i);
        const std::size_t dash = word.find('-');
        std::pair<unsigned, unsigned> range{};
        const auto code = [](const std::string& text, unsigned& out) {
            if (text.size() != 3 || text.find_first_not_of("0123456789") != std::string::npos)
                return false;
            out = static_cast<unsigned>(std::stoul(text));
            return out >= 100 && out <= 599;
        };
        const bool ok = dash == std::string::npos
                            ? code(word, range.first) && code(word, range.second)
                            : code(word.substr(0, dash), range.first) &&
                                  code(word.substr(dash + 1), range.second) &&
                                  range.first <= range.second;
        if (!ok)
            return s.refuse("'status_code' is like 200 or 200-299, from 100 to 599, not " +
                            syntax::in_quotes(word));
        url.status_codes.push_back(range);
    }
}

// As keepalived: what is none is left out.
void read_digest(Statement& s, config::HttpCheck::Url& url) {
    constexpr const char* digits = "0123456789abcdefABCDEF";
    if (s.arg(0).size() == 32 && s.arg(0).find_first_not_of(digits) == std::string::npos)
        url.digest = s.arg(0);
    else
        s.warn("'digest' is left out: it is 32 hexadecimal digits, as genhash prints them");
}

constexpr std::int64_t most_regex_bytes = 1 << 30;

constexpr Keyword<config::HttpCheck::Url> url_keywords[] = {
    {"path", 1, 1, [](Statement& s, config::HttpCheck::Url& u) { u.path = s.arg(0); }},
    {"digest", 1, 1, read_digest},
    {"status_code", 1, any_number, read_status_codes},
    {"virtualhost", 1, 1,
     [](Statement& s, config::HttpCheck::Url& u) { u.virtualhost = s.arg(0); }},
    {"regex", 1, any_number,
     [](Statement& s, config::HttpCheck::Url& u) { u.regex = s.joined_args(); }},
    {"regex_no_match", 0, 0,
     [](Statement&, config::HttpCheck::Url& u) { u.regex_no_match = true; }},
    {"regex_options", 1, any_number,
     [](Statement& s, config::HttpCheck::Url& u) {
         for (std::size_t i = 0; i < s.args(); ++i)
             u.regex_options.push_back(s.arg(i));
     }},
    {"regex_min_offset", 1, 1,
     [](Statement& s, config::HttpCheck::Url& u) {
         s.number(0, most_regex_bytes, u.regex_min_offset);
     }},
    {"regex_max_offset", 1, 1,
     [](Statement& s, config::HttpCheck::Url& u) {
         s.number(1, most_regex_bytes, u.regex_max_offset);
     }},
    {"regex_stack", 2, 2,
     [](Statement& s, config::HttpCheck::Url& u) {
         s.number(1, most_regex_bytes, u.regex_stack_start);
         s.number(1, most_regex_bytes, u.regex_stack_max, 1);
     }},
};

void read_url(Statement& s, config::HttpCheck& check) {
    config::HttpCheck::Url url;
    BlockReader(s.context, "url", s.where()).keywords(url_keywords, url).read(s.node.children);
    check.urls.push_back(std::move(url));
}

// keepalived says "Connection: close" in 1.1 anyway.
constexpr std::pair<std::string_view, config::HttpProtocol> http_protocol_names[] = {
    {"1.0", config::HttpProtocol::v1_0},        {"1.0C", config::HttpProtocol::v1_0_close},
    {"1.0c", config::HttpProtocol::v1_0_close}, {"1.1", config::HttpProtocol::v1_1},
    {"1.1C", config::HttpProtocol::v1_1},       {"1.1c", config::HttpProtocol::v1_1}};

constexpr Keyword<config::HttpCheck> http_keywords[] = {
    {"url", 0, 0, read_url, BlockUse::required, Repeat::yes},
    {"virtualhost", 1, 1, [](Statement& s, config::HttpCheck& c) { c.virtualhost = s.arg(0); }},
    {"http_protocol", 1, 1,
     [](Statement& s, config::HttpCheck& c) { s.choice(http_protocol_names, c.http_protocol); }},
    {"enable_sni", 0, 1, [](Statement& s, config::HttpCheck& c) { s.boolean(c.enable_sni); }},
    {"sni_name", 1, 1, [](Statement& s, config::HttpCheck& c) { c.sni_name = s.arg(0); }},
    {"tls_compliant", 0, 1, [](Statement& s, config::HttpCheck& c) { s.boolean(c.tls_compliant); }},
    {"fast_recovery", 0, 1, [](Statement& s, config::HttpCheck& c) { s.boolean(c.fast_recovery); }},
};

constexpr Keyword<config::MiscCheck> misc_keywords[] = {
    {"misc_path", 1, any_number,
     [](Statement& s, config::MiscCheck& c) {
         c.script.where = s.where();
         c.script.command = s.joined_args();
     }},
    {"misc_timeout", 1, 1,
     [](Statement& s, config::MiscCheck& c) { s.seconds(0, longest_timeout_ns, c.timeout_ns); }},
    {"misc_dynamic", 0, 0, [](Statement&, config::MiscCheck& c) { c.dynamic = true; }},
    {"user", 1, 2,
     [](Statement& s, config::MiscCheck& c) {
         c.script.user = s.arg(0);
         c.script.group = s.args() > 1 ? s.arg(1) : "";
     }},
};

void read_host(Statement& s, config::SmtpCheck& check) {
    config::CheckEndpoint host;
    config::CheckTiming timing = check.timing;
    BlockReader(s.context, "host", s.where())
        .keywords(endpoint_keywords, host)
        .keywords(timing_keywords, timing)
        .read(s.node.children);
    check.hosts.push_back(std::move(host));
}

constexpr Keyword<config::SmtpCheck> smtp_keywords[] = {
    {"helo_name", 1, 1, [](Statement& s, config::SmtpCheck& c) { c.helo_name = s.arg(0); }},
    {"host", 0, 0, read_host, BlockUse::required, Repeat::yes},
};

constexpr Keyword<config::DnsCheck> dns_keywords[] = {
    {"type", 1, 1, [](Statement& s, config::DnsCheck& c) { c.type = s.arg(0); }},
    {"name", 1, 1, [](Statement& s, config::DnsCheck& c) { c.name = s.arg(0); }},
};

constexpr Keyword<config::UdpCheck> udp_keywords[] = {
    {"payload", 1, any_number,
     [](Statement& s, config::UdpCheck& c) { c.payload = s.joined_args(); }},
    {"require_reply", 0, any_number,
     [](Statement& s, config::UdpCheck& c) { c.require_reply = s.joined_args(); }},
    {"min_reply_length", 1, 1,
     [](Statement& s, config::UdpCheck& c) { s.number(0, 65'535, c.min_reply_length); }},
    {"max_reply_length", 1, 1,
     [](Statement& s, config::UdpCheck& c) { s.number(0, 65'535, c.max_reply_length); }},
};

void read_file_weight(Statement& s, config::FileCheck& check) {
    int weight = 0;
    if (!s.number(-INT32_MAX, INT32_MAX, weight)) return;
    check.weight = weight;
    check.reverse = s.args() > 1 && s.arg(1) == "reverse";
}

constexpr Keyword<config::FileCheck> file_check_keywords[] = {
    {"track_file", 1, 1, [](Statement& s, config::FileCheck& c) { c.track_file = s.arg(0); }},
    {"weight", 1, 2, read_file_weight},
};

constexpr Keyword<config::BfdCheck> bfd_check_keywords[] = {
    {"name", 1, 1, [](Statement& s, config::BfdCheck& c) { c.name = s.arg(0); }},
};

// ---- blocks

template <typename Check>
BlockReader reader_of(Statement& s, ServerDraft& d, Check& check) {
    check.where = s.where();
    BlockReader reader(s.context, s.node.keyword(), s.where());
    reader.keywords(alpha_keyword, d.server).ignore(ignored_checker);
    if constexpr (requires { check.timing; }) {
        check.timing = d.timing;
        reader.keywords(timing_keywords, check.timing);
        reader.keywords(own_timing_keywords, check.timing);
    }
    if constexpr (requires { check.endpoint; }) reader.keywords(endpoint_keywords, check.endpoint);
    return reader;
}

// What nobody has written, as keepalived.conf(5) has it; our delay_loop is shorter.
template <typename Check>
void settle_timing(config::CheckTiming& timing) {
    constexpr bool is_dns = std::is_same_v<Check, config::DnsCheck>;
    constexpr bool is_misc = std::is_same_v<Check, config::MiscCheck>;
    constexpr bool is_http = std::is_same_v<Check, config::HttpCheck>;
    if (!timing.delay_loop_ns) timing.delay_loop_ns = config::usual_delay_loop_ns;
    if (!timing.connect_timeout_ns) timing.connect_timeout_ns = config::usual_connect_timeout_ns;
    if (!timing.retry) timing.retry = is_dns ? 3 : is_misc ? 0 : 1;
    if (!timing.delay_before_retry_ns)
        timing.delay_before_retry_ns =
            is_dns ? *timing.delay_loop_ns : (is_http ? 3 : 1) * config::ns_per_s;
}

// Why keepalived would leave such a check out.
template <typename Check>
std::string_view fault_of(const Check& check) {
    if constexpr (requires { check.urls; })
        if (check.urls.empty()) return "it has no url";
    if constexpr (requires { check.script; })
        if (check.script.command.empty()) return "it has no misc_path";
    if constexpr (requires { check.track_file; })
        if (check.track_file.empty()) return "it has no track_file";
    if constexpr (std::is_same_v<Check, config::BfdCheck>)
        if (check.name.empty()) return "it has no name";
    return {};
}

template <typename Check>
void add_checker(Statement& s, ServerDraft& d, Check check) {
    if constexpr (requires { check.timing; }) settle_timing<Check>(check.timing);
    if (const std::string_view fault = fault_of(check); !fault.empty())
        s.warn(s.node.keyword() + " is left out: " + std::string(fault));
    else
        d.server.checkers.emplace_back(std::move(check));
}

template <typename Check>
void read_checker(Statement& s, ServerDraft& d) {
    Check check;
    reader_of(s, d, check).read(s.node.children);
    add_checker(s, d, std::move(check));
}

template <typename Check, const auto& keywords>
void read_checker(Statement& s, ServerDraft& d) {
    Check check;
    if constexpr (requires { check.tls; }) check.tls = s.node.keyword() == "SSL_GET";
    BlockReader reader = reader_of(s, d, check);
    reader.keywords(keywords, check).read(s.node.children);
    add_checker(s, d, std::move(check));
}

constexpr Keyword<ServerDraft> checker_keywords[] = {
    {"TCP_CHECK", 0, 0, read_checker<config::TcpCheck>, BlockUse::required, Repeat::yes},
    {"AMQP_CHECK", 0, 0, read_amqp_check, BlockUse::required, Repeat::yes},
    {"RABBITMQ_CHECK", 0, 0, read_rabbitmq_check, BlockUse::required, Repeat::yes},
    {"PING_CHECK", 0, 0, read_checker<config::PingCheck>, BlockUse::required, Repeat::yes},
    {"HTTP_GET", 0, 0, read_checker<config::HttpCheck, http_keywords>, BlockUse::required,
     Repeat::yes},
    {"SSL_GET", 0, 0, read_checker<config::HttpCheck, http_keywords>, BlockUse::required,
     Repeat::yes},
    {"MISC_CHECK", 0, 0, read_checker<config::MiscCheck, misc_keywords>, BlockUse::required,
     Repeat::yes},
    {"SMTP_CHECK", 0, 0, read_checker<config::SmtpCheck, smtp_keywords>, BlockUse::required,
     Repeat::yes},
    {"DNS_CHECK", 0, 0, read_checker<config::DnsCheck, dns_keywords>, BlockUse::required,
     Repeat::yes},
    {"UDP_CHECK", 0, 0, read_checker<config::UdpCheck, udp_keywords>, BlockUse::required,
     Repeat::yes},
    {"FILE_CHECK", 0, 0, read_checker<config::FileCheck, file_check_keywords>, BlockUse::required,
     Repeat::yes},
    {"BFD_CHECK", 0, 0, read_checker<config::BfdCheck, bfd_check_keywords>, BlockUse::required,
     Repeat::yes},
};

}  // namespace

void add_timing_keywords(BlockReader& reader, config::CheckTiming& timing) {
    reader.keywords(timing_keywords, timing);
}

void add_check_keywords(BlockReader& reader, ServerDraft& draft, config::CheckTiming& timing,
                        config::CheckEndpoint& endpoint) {
    reader.keywords(alpha_keyword, draft.server).ignore(ignored_checker);
    reader.keywords(timing_keywords, timing).keywords(own_timing_keywords, timing);
    reader.keywords(endpoint_keywords, endpoint);
}

void add_checker_keywords(BlockReader& reader, ServerDraft& draft) {
    reader.keywords(checker_keywords, draft).keywords(timing_keywords, draft.timing);
}

}  // namespace warren::schema
