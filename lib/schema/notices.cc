// SPDX-License-Identifier: BSD-3-Clause
// global_defs: FIFOs that state changes are written to, and mail.
#include "schema/schema.h"

#include <algorithm>
#include <utility>

#include "config/config.h"

namespace warren::schema {
namespace {

// keepalived.conf(5): FIFO_NAME [username [groupname]]. keepalived runs in /.
void set_fifo(Statement& s, config::NotifyFifo& fifo) {
    fifo.where = s.where();
    fifo.path = s.arg(0).starts_with('/') ? s.arg(0) : "/" + s.arg(0);
    fifo.user = s.args() > 1 ? s.arg(1) : "";
    fifo.group = s.args() > 2 ? s.arg(2) : "";
}

constexpr Keyword<config::NotifyFifos> fifo_keywords[] = {
    {"notify_fifo", 1, 3, [](Statement& s, config::NotifyFifos& f) { set_fifo(s, f.all); }},
    {"notify_fifo_script", 1, 3,
     [](Statement& s, config::NotifyFifos& f) { s.script(f.all.script); }},
    {"vrrp_notify_fifo", 1, 3, [](Statement& s, config::NotifyFifos& f) { set_fifo(s, f.vrrp); }},
    {"vrrp_notify_fifo_script", 1, 3,
     [](Statement& s, config::NotifyFifos& f) { s.script(f.vrrp.script); }},
    {"lvs_notify_fifo", 1, 3, [](Statement& s, config::NotifyFifos& f) { set_fifo(s, f.lvs); }},
    {"lvs_notify_fifo_script", 1, 3,
     [](Statement& s, config::NotifyFifos& f) { s.script(f.lvs.script); }},
    {"fifo_write_vrrp_states_on_reload", 0, 0,
     [](Statement&, config::NotifyFifos& f) { f.states_on_reload = true; }},
};

// What could end a line or an address of the protocol is none.
bool is_mail_address(const std::string& word) {
    return !word.empty() && word.size() <= 254 &&
           std::all_of(word.begin(), word.end(),
                       [](unsigned char c) { return c > ' ' && c != '<' && c != '>' && c != 127; });
}

void add_recipient(Statement& s, const std::string& word, config::Mail& mail) {
    if (!is_mail_address(word))
        s.warn(syntax::in_quotes(word) + " is no mail address: it is left out");
    else if (mail.to.size() == config::max_mail_addresses)
        s.warn("more than 32 mail addresses: " + word + " is left out");
    else
        mail.to.push_back(word);
}

void read_recipients(Statement& s, config::Mail& mail) {
    for (const syntax::Node& child : s.node.children) {
        Statement entry(s.context, child);
        for (const std::string& word : child.words)
            add_recipient(entry, word, mail);
    }
}

void set_sender(Statement& s, config::Mail& mail) {
    if (is_mail_address(s.arg(0)))
        mail.from = s.arg(0);
    else
        s.warn(syntax::in_quotes(s.arg(0)) + " is no mail address: the default is taken");
}

// keepalived.conf(5): an IP address or a domain name, and a port.
void set_mail_server(Statement& s, config::Mail& mail) {
    if (s.args() > 1 && !s.number(1, 65'535, mail.port, 1, "port")) return;
    mail.server = s.arg(0);
}

void set_mail_timeout(Statement& s, config::Mail& mail) {
    if (!s.seconds(0, config::ns_per_hour, mail.timeout_ns) || mail.timeout_ns != 0) return;
    s.warn("'smtp_connect_timeout' 0: 1 is taken, as in keepalived");
    mail.timeout_ns = config::ns_per_s;
}

constexpr Keyword<config::Mail> mail_keywords[] = {
    {"notification_email", 0, 0, read_recipients, BlockUse::required, Repeat::yes},
    {"notification_email_from", 1, 1, set_sender},
    {"smtp_server", 1, 2, set_mail_server},
    {"smtp_helo_name", 1, 1, [](Statement& s, config::Mail& m) { m.helo_name = s.arg(0); }},
    {"smtp_connect_timeout", 1, 1, set_mail_timeout},
    {"no_email_faults", 0, 0, [](Statement&, config::Mail& m) { m.faults = false; }},
    {"smtp_alert", 0, 1, [](Statement& s, config::Mail& m) { s.boolean(m.alert); }},
    {"smtp_alert_vrrp", 0, 1, [](Statement& s, config::Mail& m) { s.boolean(m.vrrp_alert); }},
    {"smtp_alert_checker", 0, 1, [](Statement& s, config::Mail& m) { s.boolean(m.checker_alert); }},
};

}  // namespace

void add_mail_keywords(BlockReader& reader, config::Mail& mail) {
    reader.keywords(mail_keywords, mail);
}

void add_fifo_keywords(BlockReader& reader, config::NotifyFifos& fifos) {
    reader.keywords(fifo_keywords, fifos);
}

void check_fifos(SchemaContext& context, config::NotifyFifos& fifos) {
    const std::pair<std::string, config::NotifyFifo*> all[] = {{"notify_fifo", &fifos.all},
                                                               {"vrrp_notify_fifo", &fifos.vrrp},
                                                               {"lvs_notify_fifo", &fifos.lvs}};
    const auto warn = [&](const syntax::Location& where, std::string text) {
        context.report(where, syntax::Severity::warning, std::move(text));
    };
    for (const auto& [keyword, fifo] : all) {
        for (const auto& [other_keyword, other] : all)
            if (other < fifo && !fifo->path.empty() && fifo->path == other->path) {
                warn(fifo->where, syntax::in_quotes(keyword) + " is left out: " + fifo->path +
                                      " is the FIFO of " + syntax::in_quotes(other_keyword) +
                                      " already");
                *fifo = {};
            }
        if (fifo->path.empty() && fifo->script)
            warn(fifo->script->where, syntax::in_quotes(std::string(keyword).append("_script"))
                                          .append(" does not run: there is no ")
                                          .append(keyword));
    }
}

}  // namespace warren::schema
