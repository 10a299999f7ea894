// SPDX-License-Identifier: BSD-3-Clause
// global_defs: FIFOs that state changes are written to, and mail.
#include "config/schema_notices.h"

#include <algorithm>
#include <utility>

#include "config/config.h"

namespace warren::config {
namespace {

// keepalived.conf(5): FIFO_NAME [username [groupname]]. keepalived runs in /.
void set_fifo(Statement& s, NotifyFifo& fifo) {
    fifo.where = s.where();
    fifo.path = s.arg(0).starts_with('/') ? s.arg(0) : "/" + s.arg(0);
    fifo.user = s.args() > 1 ? s.arg(1) : "";
    fifo.group = s.args() > 2 ? s.arg(2) : "";
}

constexpr Keyword<NotifyFifos> fifo_keywords[] = {
    {"notify_fifo", 1, 3, [](Statement& s, NotifyFifos& f) { set_fifo(s, f.all); }},
    {"notify_fifo_script", 1, 3, [](Statement& s, NotifyFifos& f) { s.script(f.all.script); }},
    {"vrrp_notify_fifo", 1, 3, [](Statement& s, NotifyFifos& f) { set_fifo(s, f.vrrp); }},
    {"vrrp_notify_fifo_script", 1, 3,
     [](Statement& s, NotifyFifos& f) { s.script(f.vrrp.script); }},
    {"lvs_notify_fifo", 1, 3, [](Statement& s, NotifyFifos& f) { set_fifo(s, f.lvs); }},
    {"lvs_notify_fifo_script", 1, 3, [](Statement& s, NotifyFifos& f) { s.script(f.lvs.script); }},
    {"fifo_write_vrrp_states_on_reload", 0, 0,
     [](Statement&, NotifyFifos& f) { f.states_on_reload = true; }},
};

// What could end a line or an address of the protocol is none.
bool is_mail_address(const std::string& word) {
    return !word.empty() && word.size() <= 254 &&
           std::all_of(word.begin(), word.end(),
                       [](unsigned char c) { return c > ' ' && c != '<' && c != '>' && c != 127; });
}

void add_recipient(Statement& s, const std::string& word, Mail& mail) {
    if (!is_mail_address(word))
        s.warn(in_quotes(word) + " is no mail address: it is left out");
    else if (mail.to.size() == max_mail_addresses)
        s.warn("more than 32 mail addresses: " + word + " is left out");
    else
        mail.to.push_back(word);
}

void read_recipients(Statement& s, Mail& mail) {
    for (const Node& child : s.node.children) {
        Statement entry(s.context, child);
        for (const std::string& word : child.words)
            add_recipient(entry, word, mail);
    }
}

void set_sender(Statement& s, Mail& mail) {
    if (is_mail_address(s.arg(0)))
        mail.from = s.arg(0);
    else
        s.warn(in_quotes(s.arg(0)) + " is no mail address: the default is taken");
}

// keepalived.conf(5): an IP address or a domain name, and a port.
void set_mail_server(Statement& s, Mail& mail) {
    if (s.args() > 1 && !s.number(1, 65'535, mail.port, 1, "port")) return;
    mail.server = s.arg(0);
}

void set_mail_timeout(Statement& s, Mail& mail) {
    if (!s.seconds(0, 3'600 * ns_per_s, mail.timeout_ns) || mail.timeout_ns != 0) return;
    s.warn("'smtp_connect_timeout' 0: 1 is taken, as in keepalived");
    mail.timeout_ns = ns_per_s;
}

constexpr Keyword<Mail> mail_keywords[] = {
    {"notification_email", 0, 0, read_recipients, BlockUse::required, Repeat::yes},
    {"notification_email_from", 1, 1, set_sender},
    {"smtp_server", 1, 2, set_mail_server},
    {"smtp_helo_name", 1, 1, [](Statement& s, Mail& m) { m.helo_name = s.arg(0); }},
    {"smtp_connect_timeout", 1, 1, set_mail_timeout},
    {"no_email_faults", 0, 0, [](Statement&, Mail& m) { m.faults = false; }},
    {"smtp_alert", 0, 1, [](Statement& s, Mail& m) { s.boolean(m.alert); }},
    {"smtp_alert_vrrp", 0, 1, [](Statement& s, Mail& m) { s.boolean(m.vrrp_alert); }},
    {"smtp_alert_checker", 0, 1, [](Statement& s, Mail& m) { s.boolean(m.checker_alert); }},
};

}  // namespace

void add_mail_keywords(BlockReader& reader, Mail& mail) {
    reader.keywords(mail_keywords, mail);
}

void add_fifo_keywords(BlockReader& reader, NotifyFifos& fifos) {
    reader.keywords(fifo_keywords, fifos);
}

void check_fifos(SchemaContext& context, NotifyFifos& fifos) {
    const std::pair<std::string, NotifyFifo*> all[] = {{"notify_fifo", &fifos.all},
                                                       {"vrrp_notify_fifo", &fifos.vrrp},
                                                       {"lvs_notify_fifo", &fifos.lvs}};
    const auto warn = [&](const Location& where, std::string text) {
        context.report(where, Severity::warning, std::move(text));
    };
    for (const auto& [keyword, fifo] : all) {
        for (const auto& [other_keyword, other] : all)
            if (other < fifo && !fifo->path.empty() && fifo->path == other->path) {
                warn(fifo->where, in_quotes(keyword) + " is left out: " + fifo->path +
                                      " is the FIFO of " + in_quotes(other_keyword) + " already");
                *fifo = {};
            }
        if (fifo->path.empty() && fifo->script)
            warn(fifo->script->where, in_quotes(std::string(keyword).append("_script"))
                                          .append(" does not run: there is no ")
                                          .append(keyword));
    }
}

}  // namespace warren::config
