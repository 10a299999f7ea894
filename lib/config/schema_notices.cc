// SPDX-License-Identifier: BSD-3-Clause
// global_defs: FIFOs that state changes are written to.
#include "config/schema_notices.h"

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

}  // namespace

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
            warn(fifo->script->where,
                 in_quotes(keyword + "_script") + " does not run: there is no " + keyword);
    }
}

}  // namespace warren::config
