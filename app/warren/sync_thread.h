// SPDX-License-Identifier: BSD-3-Clause
// The thread of flow sync, from its making to its end; none where the file has no flow_sync.
#pragma once

#include <optional>
#include <thread>

#include "config/config.h"
#include "exchange/worker_link.h"
#include "flow/spread.h"
#include "peer/keys.h"

namespace warren::app {

// Throws std::runtime_error: the key file is not good.
std::optional<peer::Keys> sync_keys(const config::Config& config);

// Which part of the local ports this machine gives out; its peers have the others.
flow::PortShare port_share(const config::Config& config);

class SyncThread {
  public:
    // Nothing runs without keys.
    SyncThread(const config::Config& config, const std::optional<peer::Keys>& keys,
               exchange::Exchange& exchange, const flow::Spread& spread);
    // Waits for its end: Exchange::stop is set.
    ~SyncThread();
    SyncThread(const SyncThread&) = delete;
    SyncThread& operator=(const SyncThread&) = delete;

  private:
    std::thread thread_;
};

}  // namespace warren::app
