// SPDX-License-Identifier: BSD-3-Clause
// AMQP_CHECK and RABBITMQ_CHECK, which keepalived has not.
#include <algorithm>
#include <charconv>

#include "schema/schema.h"

namespace warren::schema {
namespace {

constexpr std::int64_t ns_per_s = config::ns_per_s;
// A server that answers is asked more often, and given up sooner, than by a check of TCP alone.
constexpr config::CheckTiming amqp_timing{.delay_loop_ns = config::usual_delay_loop_ns,
                                          .connect_timeout_ns = 1 * ns_per_s,
                                          .retry = 1,
                                          .delay_before_retry_ns = 200 * config::ns_per_ms};
constexpr config::CheckTiming api_timing{.delay_loop_ns = 5 * ns_per_s,
                                         .connect_timeout_ns = config::usual_connect_timeout_ns,
                                         .retry = 1,
                                         .delay_before_retry_ns = ns_per_s};
// Below it a broker's pauses for garbage collection look like a hang, above it nobody waits.
constexpr unsigned least_heartbeat_s = 1, most_heartbeat_s = 60;

constexpr Keyword<config::CheckTls> tls_keywords[] = {
    {"ca_file", 1, 1, [](Statement& s, config::CheckTls& t) { t.ca_file = s.arg(0); }},
    {"server_name", 1, 1, [](Statement& s, config::CheckTls& t) { t.server_name = s.arg(0); }},
    {"verify", 0, 1, [](Statement& s, config::CheckTls& t) { s.boolean(t.verify); }},
    {"cert_file", 1, 1, [](Statement& s, config::CheckTls& t) { t.cert_file = s.arg(0); }},
    {"key_file", 1, 1, [](Statement& s, config::CheckTls& t) { t.key_file = s.arg(0); }},
};

void read_tls(Statement& s, std::optional<config::CheckTls>& out) {
    out.emplace();
    BlockReader(s.context, "tls", s.where()).keywords(tls_keywords, *out).read(s.node.children);
}

constexpr Keyword<config::CheckLogin> login_keywords[] = {
    {"username", 1, 1, [](Statement& s, config::CheckLogin& l) { l.username = s.arg(0); }},
    {"password", 1, 1, [](Statement& s, config::CheckLogin& l) { l.password = s.arg(0); }},
    {"password_file", 1, 1,
     [](Statement& s, config::CheckLogin& l) { l.password_file = s.arg(0); }},
};

constexpr std::pair<std::string_view, config::AmqpLevel> level_names[] = {
    {"greeting", config::AmqpLevel::greeting},
    {"session", config::AmqpLevel::session},
    {"publish", config::AmqpLevel::publish},
};

constexpr Keyword<config::AmqpCheck> amqp_keywords[] = {
    {"level", 1, 1, [](Statement& s, config::AmqpCheck& c) { s.choice(level_names, c.level); }},
    {"vhost", 1, 1, [](Statement& s, config::AmqpCheck& c) { c.vhost = s.arg(0); }},
    {"heartbeat", 1, 1,
     [](Statement& s, config::AmqpCheck& c) {
         s.number(least_heartbeat_s, most_heartbeat_s, c.heartbeat_s);
     }},
    {"publish_interval", 1, 1,
     [](Statement& s, config::AmqpCheck& c) {
         s.seconds(ns_per_s / 10, config::ns_per_hour, c.publish_interval_ns);
     }},
    {"cluster_name", 1, 1, [](Statement& s, config::AmqpCheck& c) { c.cluster_name = s.arg(0); }},
    {"tls", 0, 0, [](Statement& s, config::AmqpCheck& c) { read_tls(s, c.tls); },
     BlockUse::required},
    {"proxy_header", 0, 1, [](Statement& s, config::AmqpCheck& c) { s.boolean(c.proxy_header); }},
};

// ADDRESS, ADDRESS:PORT, [ADDRESS]:PORT. Names are not resolved.
bool read_authority(std::string_view text, config::CheckEndpoint& endpoint) {
    std::string_view host = text, port;
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos) return false;
        host = text.substr(1, end - 1);
        port = text.substr(end + 1);
    } else if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
        host = text.substr(0, colon);
        port = text.substr(colon);
    }
    endpoint.connect_ip = net::IpAddress::parse(host);
    if (!endpoint.connect_ip) return false;
    if (port.empty()) return true;
    std::uint16_t number = 0;
    const char* const end = port.data() + port.size();
    const auto [last, error] = std::from_chars(port.data() + 1, end, number);
    endpoint.connect_port = number;
    return port[0] == ':' && error == std::errc() && last == end && number != 0;
}

void read_url(Statement& s, config::RabbitmqCheck& check) {
    constexpr std::string_view plain = "http://", over_tls = "https://";
    std::string_view url = s.arg(0);
    const bool is_tls = url.starts_with(over_tls);
    if (!is_tls && !url.starts_with(plain))
        return s.error("'url' begins with http:// or https://, not " + syntax::in_quotes(s.arg(0)));
    url.remove_prefix(is_tls ? over_tls.size() : plain.size());
    const std::size_t slash = url.find('/');
    if (!read_authority(url.substr(0, slash), check.endpoint))
        return s.error("'url' is like http://192.0.2.1:15672, with an address and no name, not " +
                       syntax::in_quotes(s.arg(0)));
    if (is_tls && !check.tls) check.tls.emplace();
    if (slash != std::string_view::npos) check.path_prefix = url.substr(slash);
    while (check.path_prefix.ends_with('/'))
        check.path_prefix.pop_back();
}

constexpr Keyword<config::RabbitmqCheck> rabbitmq_keywords[] = {
    {"url", 1, 1, read_url},
    {"interval", 1, 1,
     [](Statement& s, config::RabbitmqCheck& c) {
         s.seconds(ns_per_s / 10, config::ns_per_day, c.timing.delay_loop_ns);
     }},
    {"tls", 0, 0, [](Statement& s, config::RabbitmqCheck& c) { read_tls(s, c.tls); },
     BlockUse::required},
    {"strict", 0, 1, [](Statement& s, config::RabbitmqCheck& c) { s.boolean(c.strict); }},
};

// ---- what does not go together

void check_login(Statement& s, const config::CheckLogin& login, const net::IpAddress& server) {
    const std::string& check = s.node.keyword();
    if (login.username.empty()) s.error(check + " needs a username");
    if (login.password.empty() && login.password_file.empty())
        s.error(check + " needs a password or a password_file");
    if (!login.password.empty() && !login.password_file.empty())
        s.warn(check + " has a password and a password_file: the file's is taken");
    if (login.username == "guest" && !server.is_loopback())
        s.warn(check +
               ": brokers refuse 'guest' from afar (loopback_users): give the check a user "
               "of its own");
}

void check_level(Statement& s, const config::AmqpCheck& check) {
    if (check.level == config::AmqpLevel::greeting)
        s.warn(
            "level greeting is a warning in the broker's log with each check, and sees neither "
            "drains nor alarms: level session is silent");
}

// Where nobody has written anything, here or around it, a check's own defaults count.
void settle(config::CheckTiming& timing, const config::CheckTiming& own) {
    if (!timing.delay_loop_ns) timing.delay_loop_ns = own.delay_loop_ns;
    if (!timing.connect_timeout_ns) timing.connect_timeout_ns = own.connect_timeout_ns;
    if (!timing.retry) timing.retry = own.retry;
    if (!timing.delay_before_retry_ns) timing.delay_before_retry_ns = own.delay_before_retry_ns;
}

}  // namespace

void read_amqp_check(Statement& s, ServerDraft& draft) {
    config::AmqpCheck check;
    check.where = s.where();
    check.timing = draft.timing;
    BlockReader reader(s.context, s.node.keyword(), s.where());
    add_check_keywords(reader, draft, check.timing, check.endpoint);
    reader.keywords(login_keywords, check.login).keywords(amqp_keywords, check);
    reader.read(s.node.children);
    settle(check.timing, amqp_timing);
    check_level(s, check);
    if (check.level != config::AmqpLevel::greeting)
        check_login(s, check.login, check.endpoint.connect_ip.value_or(draft.server.address));
    draft.server.checkers.emplace_back(std::move(check));
}

void read_rabbitmq_check(Statement& s, ServerDraft& draft) {
    config::RabbitmqCheck check;
    check.where = s.where();
    check.timing = draft.timing;
    // Within it a dozen questions are answered: what a virtual_server or its profile says of one is
    // not meant for them.
    std::optional<std::int64_t>& timeout_ns = check.timing.connect_timeout_ns;
    if (timeout_ns) timeout_ns = std::max(*timeout_ns, *api_timing.connect_timeout_ns);
    BlockReader reader(s.context, s.node.keyword(), s.where());
    add_check_keywords(reader, draft, check.timing, check.endpoint);
    reader.keywords(login_keywords, check.login).keywords(rabbitmq_keywords, check);
    reader.read(s.node.children);
    settle(check.timing, api_timing);
    check_login(s, check.login, check.endpoint.connect_ip.value_or(draft.server.address));
    draft.server.checkers.emplace_back(std::move(check));
}

}  // namespace warren::schema
