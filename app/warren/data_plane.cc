// SPDX-License-Identifier: BSD-3-Clause
#include "data_plane.h"

#include <rte_launch.h>

#include <chrono>
#include <random>
#include <stdexcept>
#include <utility>

#include "election/advert_frame.h"
#include "packet_memory.h"
#include "port/clock.h"
#include "port/thread.h"
#include "sync_thread.h"

namespace warren::app {
namespace {

// Adverts and announcements have buffers of their own, more than a tx queue and a ring hold.
constexpr unsigned control_mbufs = 4'095;
constexpr unsigned control_mbuf_bytes = (election::max_advert_frame_bytes + 63) / 64 * 64;

port::EalOptions eal_options(const config::Config& config, const std::string& instance,
                             const std::vector<std::string>& extra) {
    const config::Dataplane& plane = config.dataplane;
    const std::vector<std::string> names = config::port_names(config);
    port::EalOptions options;
    options.instance = instance;
    options.hugepages = plane.hugepages == config::Hugepages::yes  ? port::Hugepages::yes
                        : plane.hugepages == config::Hugepages::no ? port::Hugepages::no
                                                                   : port::Hugepages::automatic;
    options.packets = mbuf_count(config);
    options.memory_mb += (large_mbuf_count(config) * ((1U << 16) + 512) >> 20) + 1;
    options.memory_mb += (control_mbufs * (control_mbuf_bytes + 512) >> 20) + 1;
    options.workers = plane.workers;
    options.worker_cpus = plane.worker_cpus;
    options.control_cpu = plane.control_cpu;
    options.extra = extra;
    for (const std::string& name : names)
        if (const std::string& device = device_of(config, name); is_pci_device(device))
            options.pci_devices.push_back(device);
    return options;
}

std::uint64_t random_word() {
    std::random_device random;
    return static_cast<std::uint64_t>(random()) << 32 | random();
}

std::uint64_t wall_clock_ns() {
    return static_cast<std::uint64_t>(
        std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count());
}

tables::FlowSecrets secrets_of(const std::optional<peer::Keys>& keys) {
    return {.hash_seed = {random_word(), random_word()},
            .isn_key = keys ? keys->isn : flow::SipKey{random_word(), random_word()},
            .isn_clock_ns = wall_clock_ns() - port::now_ns(),
            .digest_key = keys ? keys->digest : flow::SipKey{},
            .first_port = static_cast<std::uint32_t>(random_word())};
}

int run_worker(void* worker) {
    static_cast<datapath::Worker*>(worker)->run();
    return 0;
}

int run_control(void* runner) {
    static_cast<election::VrrpRunner*>(runner)->run();
    return 0;
}

// Its end stops all lcores and waits for them, whatever ended it.
class Lcores {
  public:
    explicit Lcores(exchange::Exchange& exchange) : exchange_(exchange) {}
    ~Lcores() {
        exchange_.stop.store(true);
        rte_eal_mp_wait_lcore();
    }
    Lcores(const Lcores&) = delete;
    Lcores& operator=(const Lcores&) = delete;

    void launch(unsigned lcore, lcore_function_t* function, void* argument) {
        if (rte_eal_remote_launch(function, argument, lcore) != 0)
            throw std::runtime_error("lcore " + std::to_string(lcore) + " does not start");
    }

  private:
    exchange::Exchange& exchange_;
};

}  // namespace

bool is_pci_device(const std::string& device) {
    const std::string address = device.substr(0, device.find(','));
    return address.find(':') != std::string::npos && address.find('.') != std::string::npos;
}

DataPlane::DataPlane(const config::Config& config, const std::string& instance,
                     const std::vector<std::string>& eal)
    : config_(config),
      sync_keys_(sync_keys(config)),
      eal_(eal_options(config, instance, eal)),
      pool_(port::make_mempool("packets", mbuf_count(config))),
      large_pool_(port::make_mempool("large", large_mbuf_count(config), large_mbuf_bytes)),
      control_pool_(port::make_mempool("control", control_mbufs, control_mbuf_bytes)),
      spread_(flow::Spread::key_of(sync_keys_ ? sync_keys_->rss_seed : random_word()),
              config.dataplane.workers),
      exchange_(config.dataplane.workers, sync_keys_.has_value()) {
    for (const std::string& interface : config::port_names(config_))
        open_port(interface, config_.global.dynamic_interfaces);
    make_workers();
}

DataPlane::~DataPlane() = default;

// At the start, and when another one is needed later (port_table.h).
port::Port& DataPlane::open_port(const std::string& interface, bool may_come_later) {
    port::PortOptions options;
    options.name = interface;
    options.device = device_of(config_, interface);
    options.workers = config_.dataplane.workers;
    options.pool = pool_.get();
    options.large_pool = large_pool_.get();
    options.rss_key = spread_.key();
    options.may_come_later = may_come_later;
    // Else large pings are ours to answer, fragment by fragment.
    options.joins_fragments = config_.dataplane.host_addresses;
    port::Port& port = *ports_.emplace_back(std::make_unique<port::Port>(options));
    add_virtual_macs(port);
    port_table_.add(port, open_kernel_port(port));
    return port;
}

// The manager tells when one cannot be had.
void DataPlane::add_virtual_macs(port::Port& port) const {
    for (const config::VrrpInstance& instance : config_.vrrp_instances)
        if (instance.use_vmac && instance.interface == port.name())
            port.add_mac(net::virtual_router_mac(instance.virtual_router_id, instance.is_ipv6()));
}

// A card of our own needs a way to the kernel for SSH, routing and our own checkers. Where the
// kernel still has an interface of that name (af_xdp, a second port of a shared card) there is no
// room for it.
port::Port* DataPlane::open_kernel_port(const port::Port& card) {
    if (card.shared_with_kernel() || port::kernel_has_interface(card.name())) return nullptr;
    port::PortOptions options;
    options.name = card.name();
    options.device = port::kernel_port_device(card.name(), card.mac());
    options.workers = config_.dataplane.workers;
    options.pool = pool_.get();
    kernel_ports_.push_back(std::make_unique<port::Port>(options));
    return kernel_ports_.back().get();
}

void DataPlane::make_workers() {
    const tables::FlowSecrets secrets = secrets_of(sync_keys_);
    for (unsigned i = 0; i < config_.dataplane.workers; ++i) {
        datapath::WorkerOptions options;
        options.id = i;
        options.ports = &port_table_;
        if (config_.dataplane.host_addresses) {
            loopbacks_.push_back(port::open_loopback());
            options.loopback = loopbacks_.back().get();
        }
        options.pool = pool_.get();
        options.flow_capacity = config_.dataplane.flows;
        options.idle_adaptive = config_.dataplane.idle == config::Idle::adaptive;
        options.spread = &spread_;
        options.secrets = secrets;
        options.port_share = port_share(config_);
        options.now_ns = port::now_ns();
        workers_.push_back(std::make_unique<datapath::Worker>(exchange_, options));
    }
}

config::GlobalDefs DataPlane::run(control::ManagerOptions options) {
    options.pool = pool_.get();
    options.pools = {pool_.get(), large_pool_.get(), control_pool_.get()};
    options.open_port = [this](const std::string& interface) -> port::Port& {
        return open_port(interface, true);  // the manager has looked
    };
    control::Manager manager(config_, port_table_, exchange_, vrrp_, std::move(options));
    election::RunnerOptions runner_options;
    runner_options.ports = &port_table_;
    runner_options.pool = control_pool_.get();
    runner_options.priority = config_.control_priority();
    runner_options.startup_delay_ns =
        static_cast<std::uint64_t>(config_.global.vrrp_startup_delay_ns);
    election::VrrpRunner runner(exchange_, vrrp_, manager.plans(), runner_options);
    const SyncThread sync_thread(config_, sync_keys_, exchange_, spread_);  // outlives the lcores
    constexpr int niceness = -10;  // as a worker's among our threads
    static_cast<void>(port::keep_this_session_prompt(niceness));
    Lcores lcores(exchange_);
    for (unsigned i = 0; i < workers_.size(); ++i)
        lcores.launch(port::first_worker_lcore + i, run_worker, workers_[i].get());
    lcores.launch(port::control_lcore, run_control, &runner);
    manager.run();
    return manager.config().global;
}

}  // namespace warren::app
