// SPDX-License-Identifier: BSD-3-Clause
#include "sync_thread.h"

#include <pthread.h>
#include <signal.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <utility>

#include "peer/run_again.h"
#include "peer/runner.h"
#include "port/thread.h"
#include "sync_key.h"

namespace warren::app {
namespace {

constexpr std::chrono::seconds pause{1};
constexpr int niceness = -10;  // behind the control lcore, before checks and telemetry

peer::RunnerOptions options_of(const config::Config& config, const peer::Keys& keys) {
    const config::FlowSync& sync = *config.flow_sync;
    peer::RunnerOptions options;
    for (const net::IpAddress& peer : sync.peers)
        options.peers.push_back({.local = sync.local,
                                 .peer = peer,
                                 .interface = sync.interface,
                                 .port = sync.port,
                                 .multihop = sync.multihop});
    options.keys = keys;
    options.capacity = config.dataplane.flows * config.dataplane.workers;
    options.rate = sync.rate;
    options.defer = sync.defer_ns != 0;
    constexpr std::uint64_t for_ever_us = ~std::uint64_t{0} / 2;
    if (sync.preempt_wait_ns) {
        options.preempt.wait_us = static_cast<std::uint64_t>(*sync.preempt_wait_ns) / 1000;
        options.preempt.longest_us = std::max(options.preempt.longest_us, options.preempt.wait_us);
    } else {
        options.preempt = {.wait_us = for_ever_us, .longest_us = for_ever_us};
    }
    return options;
}

using MakeRunner = std::function<std::unique_ptr<peer::Runner>()>;

// Its own errors are no reason to give up the VIP: flows go on, unshared until it runs again. To
// the peer a new runner is what a restarted warren is.
void run_until_stopped(std::unique_ptr<peer::Runner> runner, const MakeRunner& make,
                       const exchange::Exchange& exchange) {
    pthread_setname_np(pthread_self(), "flow-sync");
    port::keep_this_thread_prompt(niceness);
    const auto run = [&] {
        if (runner == nullptr) runner = make();
        runner->run();
    };
    const auto failed = [&](const std::exception& error) {
        spdlog::error("flow sync has stopped and starts again: {}", error.what());
        runner.reset();
        std::this_thread::sleep_for(pause);
        return !exchange.stop.load(std::memory_order_relaxed);
    };
    peer::run_again_on_errors(run, failed);
}

// Signals are the manager's.
std::thread start(std::unique_ptr<peer::Runner> first, MakeRunner make,
                  const exchange::Exchange& exchange) {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread thread([first = std::move(first), make = std::move(make), &exchange]() mutable {
        run_until_stopped(std::move(first), make, exchange);
    });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return thread;
}

}  // namespace

std::optional<peer::Keys> sync_keys(const config::Config& config) {
    if (!config.flow_sync) return std::nullopt;
    const SyncKeys read = read_sync_keys(config.flow_sync->key_file);
    if (!read.problem.empty())
        throw std::runtime_error("flow_sync: key_file " + config.flow_sync->key_file + ": " +
                                 read.problem);
    return peer::derive_keys(read.keys);
}

flow::PortShare port_share(const config::Config& config) {
    if (!config.flow_sync) return {};
    const config::FlowSync& sync = *config.flow_sync;
    const auto rank = std::count_if(sync.peers.begin(), sync.peers.end(),
                                    [&](const net::IpAddress& peer) { return peer < sync.local; });
    return {static_cast<std::uint16_t>(rank), static_cast<std::uint16_t>(sync.peers.size() + 1)};
}

SyncThread::SyncThread(const config::Config& config, const std::optional<peer::Keys>& keys,
                       exchange::Exchange& exchange, const flow::Spread& spread) {
    if (!keys) return;
    MakeRunner make = [options = options_of(config, *keys), &exchange, &spread] {
        return std::make_unique<peer::Runner>(exchange, spread, options);
    };
    thread_ = start(make(), make, exchange);
}

SyncThread::~SyncThread() {
    if (thread_.joinable()) thread_.join();
}

}  // namespace warren::app
