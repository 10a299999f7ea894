// SPDX-License-Identifier: BSD-3-Clause
// The sync thread's way to the workers: which of them a peer's flow belongs to.
#pragma once

#include <cstdint>

#include "exchange/worker_link.h"
#include "flow/spread.h"
#include "sync/record.h"
#include "sync/sink.h"

namespace warren::peer {

// Where a flow is served, and where its client's segments come in. With a number of workers like
// the peer's, or a local port of the client's entry, that is the same worker.
struct Placement {
    unsigned owner = 0;
    unsigned client = 0;
};
Placement placement_of(const flow::Flow& flow, const exchange::Service& service,
                       const flow::Spread& spread);

class Workers {
  public:
    Workers(exchange::Exchange& exchange, const flow::Spread& spread)
        : exchange_(exchange), spread_(spread) {}

    std::size_t count() const { return exchange_.workers.size(); }
    exchange::SyncLink& link(std::size_t worker) { return *exchange_.workers[worker]->sync; }

    // False: a channel is full. `service` is the record's.
    bool install(const sync::FlowRecord& record, const exchange::Service& service, bool colour);
    // To all workers, for it does not say whose it was.
    bool end(const sync::EndRecord& record);
    // Clients without flows, to the worker that theirs would be.
    bool bind(const sync::PersistenceRecord& record, const exchange::Service& service);
    bool ask_again(const sync::Source& source, const sync::Identity& identity);

  private:
    exchange::Exchange& exchange_;
    const flow::Spread& spread_;
};

}  // namespace warren::peer
