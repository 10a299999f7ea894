// SPDX-License-Identifier: BSD-3-Clause
// Everything that a configuration needs to run, made in order and unmade in the reverse: EAL,
// mbufs, ports, the exchange, workers, control lcore, manager. Throws std::exception with one clear
// line when the machine does not give what is needed.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "control/manager.h"
#include "datapath/worker.h"
#include "election/vrrp_link.h"
#include "election/vrrp_runner.h"
#include "exchange/worker_link.h"
#include "peer/keys.h"
#include "port/eal.h"
#include "port/mempool.h"
#include "port/port.h"
#include "port/port_table.h"

namespace warren::app {

class DataPlane {
  public:
    DataPlane(const config::Config& config, const std::string& instance,
              const std::vector<std::string>& eal_options);
    ~DataPlane();
    DataPlane(const DataPlane&) = delete;
    DataPlane& operator=(const DataPlane&) = delete;

    bool uses_hugepages() const { return eal_.uses_hugepages(); }

    // Starts the lcores and runs the manager until it is told to stop. What was configured then.
    config::GlobalDefs run(control::ManagerOptions options);

  private:
    port::Port& open_port(const std::string& interface, bool may_come_later);
    void add_virtual_macs(port::Port& port) const;
    port::Port* open_kernel_port(const port::Port& card);
    void make_workers();

    config::Config config_;
    std::optional<peer::Keys> sync_keys_;
    port::Eal eal_;
    port::Mempool pool_;
    port::Mempool large_pool_;
    port::Mempool control_pool_;
    flow::Spread spread_;
    std::vector<std::unique_ptr<port::Port>> ports_, kernel_ports_;
    port::PortTable port_table_;
    std::vector<std::unique_ptr<port::PacketSocket>> loopbacks_;  // by worker
    exchange::Exchange exchange_;
    election::VrrpLink vrrp_;
    std::vector<std::unique_ptr<datapath::Worker>> workers_;
};

bool is_pci_device(const std::string& device);

}  // namespace warren::app
