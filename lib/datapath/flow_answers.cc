// SPDX-License-Identifier: BSD-3-Clause
#include "datapath/flow_answers.h"

#include <algorithm>

namespace warren::datapath {

namespace {

exchange::FlowRow row_of(const flow::FlowTable& flows, flow::FlowIndex index,
                         const PollRound& round) {
    const flow::Flow& flow = flows[index];
    exchange::FlowRow row;
    row.state = flow.state;
    row.server = flow.server_id;
    row.service = flow.service_id;
    row.client = flow.client_address();
    row.client_port = flow.client_port;
    row.vip = flow.vip();
    row.service_port = flow.service_port;
    row.local = flow.local_address();
    row.local_port = flow.local_port;
    row.server_address = flow.server_address();
    row.server_port = flow.server_port;
    row.idle_ms = flow::ms_of_ticks(round.tick - flow.last_seen);
    row.bytes = flow::carried(flow, flows.start(index), flow.state);
    return row;
}

bool is_shown(flow::TcpState state) {
    return state != flow::TcpState::none && state != flow::TcpState::elsewhere;
}

}  // namespace

unsigned FlowAnswers::go_on(const PollRound& round) {
    if (!under_way_) {
        under_way_ = tables_.link.commands.pop(command_);
        count_ = 0;
    }
    if (!under_way_) return 0;
    switch (command_.ask) {
        case exchange::FlowAsk::list:
            return list(round);
        case exchange::FlowAsk::lookup:
            look_up(round);
            break;
        case exchange::FlowAsk::count:
        case exchange::FlowAsk::reset:
            return tally(round);
    }
    return 0;
}

unsigned FlowAnswers::list(const PollRound& round) {
    const std::uint32_t end = end_of_round();
    for (unsigned i = 0; i < rows_per_round && under_way_; ++i) {
        std::uint32_t from = command_.from;
        exchange::FlowRow row;
        const bool found = command_.most != 0 && next_row(from, end, row, round);
        if (!found && command_.most != 0 && from < tables_.flows.end_index()) {
            command_.from = from;  // a sparse table: on with it in the next round
            return 1;
        }
        row.last = !found;
        row.request = command_.request;
        row.next = from;
        if (!tables_.link.rows.push(row)) return 0;
        under_way_ = !row.last;
        command_.from = from;
        --command_.most;
    }
    return 1;
}

// A flow that is reset has left its place or become a stub, which does not count. Of a router that
// is the peer's the clients are too.
unsigned FlowAnswers::tally(const PollRound& round) {
    const bool resets = command_.ask == exchange::FlowAsk::reset;
    const std::uint32_t end = end_of_round();
    unsigned done = 0;
    for (; command_.from < end; ++command_.from) {
        const flow::Flow& flow = tables_.flows[command_.from];
        if (!is_shown(flow.state) || !command_.filter.matches(flow, round.tick)) continue;
        if (resets) {
            if (!flow::is_live(flow.state)) continue;
            if (tables_.is_peers(flow.service_id, round)) continue;
            if (done == resets_per_round || dead_flows_.is_full()) return done;
            dead_flows_.give_up(command_.from, exchange::EndCause::reset, round);
            ++done;
        }
        ++count_;
    }
    if (command_.from < tables_.flows.end_index()) return done + 1;
    exchange::FlowRow row;
    row.request = command_.request;
    row.last = true;
    row.count = count_;
    under_way_ = !tables_.link.rows.push(row);
    return done;
}

// Both rows in one round, or it is tried again in the next.
void FlowAnswers::look_up(const PollRound& round) {
    exchange::FlowRow row;
    if (command_.from == 0 && find_row(command_.wanted, row, round)) {
        row.request = command_.request;
        if (!tables_.link.rows.push(row)) return;
    }
    command_.from = 1;
    row = {};
    row.request = command_.request;
    row.last = true;
    preview(command_.wanted, row, round);
    under_way_ = !tables_.link.rows.push(row);
}

std::uint32_t FlowAnswers::end_of_round() const {
    return std::min(tables_.flows.end_index(), command_.from + looked_at_per_round);
}

// The first flow wanted at table index `from` or behind it, before `end`; moves `from` past what it
// looked at. False: none there; none left if that is the table's end.
bool FlowAnswers::next_row(std::uint32_t& from, std::uint32_t end, exchange::FlowRow& row,
                           const PollRound& round) const {
    for (; from < end; ++from) {
        if (!is_shown(tables_.flows[from].state)) continue;
        if (!command_.filter.matches(tables_.flows[from], round.tick)) continue;
        row = row_of(tables_.flows, from, round);
        ++from;
        return true;
    }
    return false;
}

// The flow of a client's segment: false if it is not here.
bool FlowAnswers::find_row(const flow::Tuple& client_tuple, exchange::FlowRow& row,
                           const PollRound& round) const {
    const flow::FlowTable::Hit hit = tables_.flows.find(client_tuple);
    if (!hit || tables_.flows[hit.index].state == flow::TcpState::elsewhere) return false;
    row = row_of(tables_.flows, hit.index, round);
    return true;
}

// What a SYN of that tuple would meet: its owner, and the server if we are that (row.owner,
// row.choice, row.is_kept).
void FlowAnswers::preview(const flow::Tuple& client_tuple, exchange::FlowRow& row,
                          const PollRound& round) const {
    const std::uint16_t id =
        round.snapshot->find_service(client_tuple.destination, client_tuple.destination_port);
    row.owner = static_cast<std::uint16_t>(steering_.owner_of(client_tuple));
    if (id == exchange::Snapshot::no_service) return;
    const exchange::Service& service = round.snapshot->services[id];
    if (service.goes_by_client())
        row.owner = static_cast<std::uint16_t>(
            steering_.owner_of_client(service, client_tuple.source, client_tuple.source_port));
    if (row.owner != steering_.worker()) return;
    const flow::Flow flow = flow::Flow::of_client(client_tuple, id);
    const tables::ServerChoice::Preview next = tables_.choice.preview(flow, round);
    row.choice = next.server;
    row.is_kept = next.is_kept;
    row.is_full = !tables_.flows.has_room();
}

}  // namespace warren::datapath
