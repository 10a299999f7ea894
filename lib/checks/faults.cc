// SPDX-License-Identifier: BSD-3-Clause
// What an operator should hear of before a check runs. As in keepalived none of it keeps a file
// from loading.
#include <string>
#include <variant>

#include "checks/start_check.h"
#include "health/connection.h"
#include "health/secret.h"
#include "health/tls_settings.h"
#include "probe/dns_message.h"
#include "probe/hex_pattern.h"
#include "probe/pattern.h"

namespace warren::checks {
namespace {

class Faults {
  public:
    void find(const config::Checker& checker) {
        where_ = where_of(checker);
        std::visit([this](const auto& check) { look(check); }, checker);
    }
    syntax::Diagnostics take() { return std::move(found_); }

  private:
    void warn(std::string text) {
        found_.push_back({where_, syntax::Severity::warning, std::move(text)});
    }
    void look(const config::HttpCheck& check) {
        for (const config::HttpCheck::Url& url : check.urls) {
            for (const std::string& option : url.regex_options)
                if (!probe::pattern_option(option))
                    warn("regex_options: there is no option '" + option + "'");
            const probe::Pattern pattern({.regex = url.regex});
            if (!url.regex.empty() && !pattern.problem().empty())
                warn("regex '" + url.regex + "' cannot match: " + pattern.problem());
        }
    }
    void look(const config::DnsCheck& check) {
        if (!probe::dns_type(check.type))
            warn("DNS_CHECK: there is no type '" + check.type + "': SOA is asked for");
        if (!probe::dns_query(0, check.name, 1))
            warn("DNS_CHECK: '" + check.name + "' is no name that DNS has");
    }
    void look(const config::UdpCheck& check) {
        if (!check.payload.empty() && !probe::read_hex(check.payload, false))
            warn("UDP_CHECK: the payload is no hexadecimal text: random bytes are sent");
        const std::string reply = check.require_reply.value_or("");
        if (!reply.empty() && !probe::read_hex(reply, true))
            warn("UDP_CHECK: require_reply is no hexadecimal text: any reply will do");
        if (check.min_reply_length > check.max_reply_length)
            warn("UDP_CHECK: min_reply_length is above max_reply_length: it always fails");
    }
    void look(const config::AmqpCheck& check) { look_at_files(check); }
    void look(const config::RabbitmqCheck& check) { look_at_files(check); }
    void look(const auto&) {}
    // They are read anew with each probe: it fails for as long as they are not there.
    void look_at_files(const auto& check) {
        std::string problem;
        const std::string& password_file = check.login.password_file;
        if (!password_file.empty() && !health::read_secret(password_file, problem))
            warn("password_file: " + problem);
        if (!check.tls) return;
        if (const std::string& ca_file = check.tls->ca_file;
            !ca_file.empty() && !health::tls_options({.ca_file = ca_file}, {}, problem))
            warn("ca_file: " + problem);
        const health::TlsSettings own{
            .verify = false, .cert_file = check.tls->cert_file, .key_file = check.tls->key_file};
        if (!health::tls_options(own, {}, problem)) warn("cert_file: " + problem);
        if (own.cert_file.empty() && !own.key_file.empty()) warn("key_file: there is no cert_file");
    }

    syntax::Location where_;
    syntax::Diagnostics found_;
};

}  // namespace

syntax::Diagnostics find_faults(const config::Config& config) {
    Faults faults;
    for (const config::VirtualServer& service : config.virtual_servers)
        for (const config::RealServer& server : service.real_servers)
            for (const config::Checker& checker : server.checkers)
                faults.find(checker);
    return faults.take();
}

}  // namespace warren::checks
