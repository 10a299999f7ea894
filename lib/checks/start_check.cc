// SPDX-License-Identifier: BSD-3-Clause
#include "checks/start_check.h"

#include <algorithm>
#include <random>
#include <utility>
#include <variant>

#include "health/amqp_checker.h"
#include "health/layer5.h"
#include "health/rabbitmq_checker.h"
#include "probe/dns_message.h"
#include "programs/script.h"

namespace warren::checks {
namespace {

constexpr std::uint16_t smtp_port = 25;
constexpr std::uint16_t soa = 6;
constexpr std::int64_t least_script_timeout_ns = 5 * config::ns_per_s;

// Checks of many servers should not come in step.
std::int64_t random_part(std::int64_t most_ns) {
    if (most_ns <= 0) return 0;
    std::random_device random;
    return std::uniform_int_distribution<std::int64_t>(0, most_ns)(random);
}

// The schema has settled both for each check.
std::int64_t interval_of(const config::CheckTiming& timing) {
    return timing.delay_loop_ns.value_or(config::usual_delay_loop_ns);
}

std::int64_t timeout_of(const config::CheckTiming& timing) {
    return timing.connect_timeout_ns.value_or(config::usual_connect_timeout_ns);
}

health::Schedule schedule(const config::CheckTiming& timing) {
    health::Schedule out;
    out.delay_loop_ns = interval_of(timing);
    out.delay_before_retry_ns = timing.delay_before_retry_ns.value_or(config::ns_per_s);
    out.warmup_ns = random_part(timing.warmup_ns);
    out.stagger_ns = random_part(out.delay_loop_ns);
    return out;
}

health::Source source(const config::CheckEndpoint& endpoint) {
    health::Source out;
    out.address = endpoint.bind_ip;
    out.port = endpoint.bind_port;
    out.interface = endpoint.bind_if;
    out.fwmark = endpoint.fwmark;
    return out;
}

health::Target target(const config::CheckEndpoint& endpoint, const config::RealServer& server) {
    return {endpoint.connect_ip.value_or(server.address),
            endpoint.connect_port.value_or(server.port), source(endpoint), endpoint.proxy_protocol};
}

// ---- HTTP_GET, SSL_GET

probe::HttpProtocol protocol_of(config::HttpProtocol protocol) {
    switch (protocol) {
        case config::HttpProtocol::v1_0:
            return probe::HttpProtocol::v1_0;
        case config::HttpProtocol::v1_0_close:
            return probe::HttpProtocol::v1_0_close;
        case config::HttpProtocol::v1_1:
            break;
    }
    return probe::HttpProtocol::v1_1;
}

std::shared_ptr<const probe::Pattern> pattern_of(const config::HttpCheck::Url& url) {
    if (url.regex.empty()) return nullptr;
    return std::make_shared<const probe::Pattern>(
        probe::PatternText{url.regex, url.regex_options, url.regex_stack_start, url.regex_stack_max,
                           url.regex_min_offset, url.regex_max_offset});
}

// The nearest one that is said: of the url, the check, the real_server (or its virtual_server).
const std::string& virtualhost_of(const config::HttpCheck& check, const config::HttpCheck::Url& url,
                                  const config::RealServer& server) {
    if (!url.virtualhost.empty()) return url.virtualhost;
    return check.virtualhost.empty() ? server.virtualhost : check.virtualhost;
}

health::HttpUrl url_of(const config::HttpCheck& check, const config::HttpCheck::Url& url,
                       const config::RealServer& server, const health::Target& to) {
    const std::string& name = virtualhost_of(check, url, server);
    health::HttpUrl out;
    out.request.target = url.path;
    out.request.host = name.empty() ? probe::host_of(to.address, to.port) : name;
    out.request.protocol = protocol_of(check.http_protocol);
    out.wanted = {url.status_codes, url.digest, pattern_of(url), url.regex_no_match};
    if (!check.sni_name.empty())
        out.server_name = check.sni_name;
    else if (check.enable_sni)
        out.server_name = name;
    return out;
}

health::HttpOptions options_of(const config::HttpCheck& check, const config::RealServer& server) {
    health::HttpOptions out;
    out.target = target(check.endpoint, server);
    for (const config::HttpCheck::Url& url : check.urls)
        out.urls.push_back(url_of(check, url, server, out.target));
    out.tls = check.tls;
    out.tls_compliant = check.tls_compliant;
    out.starts_down = server.alpha;
    out.fast_recovery = check.fast_recovery;
    out.connect_timeout_ns = timeout_of(check.timing);
    out.schedule = schedule(check.timing);
    return out;
}

// ---- the others

health::SmtpOptions options_of(const config::SmtpCheck& check, const config::RealServer& server) {
    health::SmtpOptions out;
    for (const config::CheckEndpoint& host : check.hosts)
        out.hosts.push_back(target(host, server));
    if (out.hosts.empty()) out.hosts.push_back(target(check.endpoint, server));
    for (health::Target& host : out.hosts)
        if (host.port == 0) host.port = smtp_port;
    out.helo_name = check.helo_name.empty() ? "smtpcheck.example" : check.helo_name;
    out.connect_timeout_ns = timeout_of(check.timing);
    out.schedule = schedule(check.timing);
    return out;
}

health::UdpOptions options_of(const config::UdpCheck& check, const config::RealServer& server) {
    health::UdpOptions out;
    out.target = target(check.endpoint, server);
    if (const auto payload = probe::read_hex(check.payload, false)) out.payload = payload->bytes;
    out.require_reply = check.require_reply.has_value();
    out.reply = probe::read_hex(check.require_reply.value_or(""), true);
    out.min_reply_bytes = check.min_reply_length;
    out.max_reply_bytes = check.max_reply_length;
    out.connect_timeout_ns = timeout_of(check.timing);
    out.schedule = schedule(check.timing);
    return out;
}

std::optional<health::TlsSettings> tls_of(const std::optional<config::CheckTls>& tls) {
    if (!tls) return std::nullopt;
    return health::TlsSettings{tls->ca_file, tls->server_name, tls->verify, tls->cert_file,
                               tls->key_file};
}

health::AmqpLevel level_of(config::AmqpLevel level) {
    if (level == config::AmqpLevel::greeting) return health::AmqpLevel::greeting;
    return level == config::AmqpLevel::session ? health::AmqpLevel::session
                                               : health::AmqpLevel::publish;
}

health::AmqpOptions options_of(const config::AmqpCheck& check, const config::RealServer& server) {
    health::AmqpOptions out;
    out.target = target(check.endpoint, server);
    out.connect_timeout_ns = timeout_of(check.timing);
    out.schedule = schedule(check.timing);
    out.level = level_of(check.level);
    out.username = check.login.username;
    out.password = check.login.password;
    out.password_file = check.login.password_file;
    out.vhost = check.vhost;
    out.heartbeat_s = static_cast<std::uint16_t>(check.heartbeat_s);
    out.publish_interval_ns = check.publish_interval_ns;
    out.cluster_name = check.cluster_name;
    out.tls = tls_of(check.tls);
    out.proxy_header = check.proxy_header.value_or(false);
    return out;
}

health::RabbitmqOptions options_of(const config::RabbitmqCheck& check,
                                   const config::RealServer& server) {
    health::RabbitmqOptions out;
    out.target = target(check.endpoint, server);
    out.target.port = check.endpoint.connect_port.value_or(config::management_port);
    out.path_prefix = check.path_prefix;
    out.connect_timeout_ns = timeout_of(check.timing);
    out.schedule = schedule(check.timing);
    out.username = check.login.username;
    out.password = check.login.password;
    out.password_file = check.login.password_file;
    out.tls = tls_of(check.tls);
    out.strict = check.strict;
    return out;
}

health::ProgramEnd end_of(const programs::ChildEnd& end) {
    const bool exited = end.kind == programs::ChildEnd::Kind::exited;
    return {exited ? std::optional(end.code) : std::nullopt, end.to_string()};
}

// As keepalived a script may take delay_loop if nothing is said; ours may be much shorter.
health::MiscOptions options_of(const config::MiscCheck& check, const config::RealServer& server,
                               const Means& means) {
    health::MiscOptions out;
    const std::int64_t timeout_ns =
        check.timeout_ns != 0 ? check.timeout_ns
                              : std::max(interval_of(check.timing), least_script_timeout_ns);
    out.run = [found = programs::check_script(check.script, means.global), timeout_ns,
               &children = means.programs](std::function<void(const health::ProgramEnd&)> ended) {
        if (!found.program) return found.problem;
        const bool runs = children.run(
            *found.program, timeout_ns,
            {.timed_out = {}, .ended = [ended = std::move(ended)](const programs::ChildEnd& end) {
                 ended(end_of(end));
             }});
        return std::string(runs ? "" : "too many programs wait already");
    };
    out.dynamic = check.dynamic;
    out.weight = server.weight;
    out.schedule = schedule(check.timing);
    return out;
}

struct Start {
    const Means& means;
    const config::RealServer& server;
    health::Callback callback;

    using Started = std::unique_ptr<health::Checker>;

    Started operator()(const config::TcpCheck& check) {
        const health::Target to = target(check.endpoint, server);
        return make(health::TcpOptions{to.address, to.port, to.source, timeout_of(check.timing),
                                       schedule(check.timing)});
    }
    Started operator()(const config::PingCheck& check) {
        const health::Target to = target(check.endpoint, server);
        return make(health::PingOptions{to.address, to.source, timeout_of(check.timing),
                                        schedule(check.timing)});
    }
    Started operator()(const config::DnsCheck& check) {
        return make(health::DnsOptions{target(check.endpoint, server),
                                       probe::dns_type(check.type).value_or(soa), check.name,
                                       timeout_of(check.timing), schedule(check.timing)});
    }
    Started operator()(const config::MiscCheck& check) {
        return make(options_of(check, server, means));
    }
    Started operator()(const config::FileCheck&) { return nullptr; }
    Started operator()(const config::BfdCheck&) { return nullptr; }
    template <typename Check>
    Started operator()(const Check& check) {
        return make(options_of(check, server));
    }

    template <typename Options>
    Started make(const Options& options) {
        return health::make_checker(means.io, options, std::move(callback));
    }
};

}  // namespace

std::unique_ptr<health::Checker> start_check(const Means& means, const config::RealServer& server,
                                             const config::Checker& check,
                                             health::Callback callback) {
    return std::visit(Start{means, server, std::move(callback)}, check);
}

health::Source source_of(const config::RealServer& server) {
    health::Source found;
    for (const config::Checker& check : server.checkers)
        std::visit(
            [&](const auto& c) {
                if constexpr (requires { c.endpoint; })
                    if (!found.address && found.interface.empty()) found = source(c.endpoint);
            },
            check);
    return found;
}

std::unique_ptr<health::Checker> close_connections(boost::asio::io_context& io,
                                                   const config::RealServer& server,
                                                   std::span<const net::IpAddress> peers,
                                                   unsigned most, health::Callback callback) {
    rabbitmq::ClosableConnections closable{server.address.to_string(), server.port, {}, most};
    for (const net::IpAddress& peer : peers)
        closable.peers.push_back(peer.to_string());
    for (const config::Checker& check : server.checkers)
        if (const auto* api = std::get_if<config::RabbitmqCheck>(&check))
            return health::close_connections(io, options_of(*api, server), std::move(closable),
                                             std::move(callback));
    return nullptr;
}

health::CheckResult judge(const vrrp::TrackedState& session) {
    health::CheckResult result;
    if (session.number == 0) result.reason = health::Reason::other;
    if (!result.ok()) result.text = "BFD " + session.text;
    return result;
}

// keepalived's: without a weight any number but 0 is a fault (with reverse, 0 is one); with one, a
// product that no weight can make good is.
health::CheckResult judge(const config::FileCheck& check, const vrrp::TrackedState& file) {
    const std::int64_t weight = check.weight.value_or(0);
    const bool reverse = check.reverse.value_or(false);
    const std::int64_t change = file.number * weight * (reverse ? -1 : 1);
    const bool fault = weight == 0 ? (file.number == 0) == reverse : change < -INT32_MAX;
    health::CheckResult result;
    result.weight_change = fault ? 0 : change;
    if (fault) {
        result.reason = health::Reason::other;
        result.text = "track_file " + check.track_file + " says " + std::to_string(file.number);
    }
    return result;
}

}  // namespace warren::checks
