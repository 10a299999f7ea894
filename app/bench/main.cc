// SPDX-License-Identifier: BSD-3-Clause
// warren-bench: testpmd-like measurements. One engine so far: stage.
#include <sched.h>
#include <unistd.h>

#include <boost/program_options.hpp>
#include <exception>
#include <iostream>
#include <string>

#include "interrupt.h"
#include "port/eal.h"
#include "report.h"
#include "ring.h"
#include "stage.h"
#include "wire.h"

namespace {

namespace options = boost::program_options;

struct Request {
    warren::bench::Load load;
    warren::bench::Wire wire;
    std::string engine = "stage";
    std::string mode = "fnat";
    bool ipv6 = false;
    bool json = false;
    bool help = false;
};

options::options_description described(Request& request) {
    warren::bench::Load& load = request.load;
    options::options_description all(
        "warren-bench [options]\n\n"
        "engine stage: what a packet costs a worker, without a NIC\n"
        "engine ring: what a worker forwards from another lcore's rings\n"
        "engine wire: what a forwarder elsewhere does, through a port\n\noptions");
    const auto given = [](auto& value) { return options::value(&value)->default_value(value); };
    all.add_options()("help,h", options::bool_switch(&request.help), "this text")(
        "engine", given(request.engine), "which measurement: stage, ring or wire")(
        "forward-mode", given(request.mode),
        "fnat, nat, dr, tun, arp, echo; idle: nothing; syn: whole connections; mixed: of all some; "
        "io, macswap, "
        "5tswap: as testpmd's")("flows", given(load.flows), "established flows")(
        "ipv6", options::bool_switch(&request.ipv6), "both sides, as --clients 6 --servers 6")(
        "clients", given(load.sides.clients), "IP version of the clients' side: 4 or 6")(
        "servers", given(load.sides.servers), "and of the servers'")(
        "txpkts", given(load.frame_bytes), "bytes of a TCP frame without FCS")(
        "verify", options::bool_switch(&load.verify), "checksums in software: no NIC has looked")(
        "workers", given(load.workers), "idle: so many there are, whose rings one looks at")(
        "flow-sync", options::bool_switch(&load.flow_sync),
        "the worker has a peer to tell of flows")("seconds", given(load.seconds),
                                                  "how long to measure")(
        "windows", given(load.windows), "or how many windows of 1024 packets exactly")(
        "interface", given(request.wire.interface), "wire: the kernel's interface to send by")(
        "device", given(request.wire.device), "wire: or DPDK's device, as net_memif0,role=client")(
        "vip", given(request.wire.vip), "wire: IPv4 address of the service, port 5672")(
        "rate", given(request.wire.rate), "wire: requests a second; 0: as answers come")(
        "under-way", given(request.wire.under_way), "wire: requests at most, as answers come")(
        "json", options::bool_switch(&request.json), "ends with one line of JSON");
    return all;
}

void check_wire(const Request& request) {
    const warren::bench::Mode mode = request.load.mode;
    if (mode != warren::bench::Mode::fnat && !warren::bench::is_reference(mode))
        throw options::error("engine wire has modes fnat, io, macswap and 5tswap");
    if (request.load.sides.clients != 4 || request.load.sides.servers != 4)
        throw options::error("engine wire has IPv4 only");
    if (request.wire.interface.empty() == request.wire.device.empty())
        throw options::error("engine wire needs an --interface or a --device");
    if (request.wire.under_way == 0 || request.wire.under_way > 4096 || request.wire.rate < 0)
        throw options::error("--under-way must be 1 to 4096, --rate not negative");
}

void check(Request& request) {
    warren::bench::Load& load = request.load;
    if (request.engine != "stage" && request.engine != "ring" && request.engine != "wire")
        throw options::error("unknown engine \"" + request.engine + "\": stage, ring or wire");
    load.mode = warren::bench::mode_of(request.mode);
    if (request.ipv6) load.sides = {6, 6};
    for (const unsigned version : {load.sides.clients, load.sides.servers})
        if (version != 4 && version != 6) throw options::error("there is IP version 4 and 6");
    if (load.sides.clients != load.sides.servers &&
        warren::bench::method_of(load.mode) != warren::flow::Method::fnat)
        throw options::error("only FNAT has two families");
    if (load.flows < 32 || load.flows > 12'000'000)
        throw options::error("--flows must be 32 to 12000000");
    if (load.frame_bytes < 60 || load.frame_bytes > 1514)
        throw options::error("--txpkts must be 60 to 1514");
    if ((load.flow_sync || load.mode == warren::bench::Mode::idle) && request.engine != "stage")
        throw options::error("--flow-sync and mode idle are engine stage's");
    if (load.workers == 0 || load.workers > warren::exchange::max_workers ||
        (load.workers != 1 && load.mode != warren::bench::Mode::idle))
        throw options::error("--workers must be 1 to 16, in mode idle");
    if (request.engine == "wire") check_wire(request);
}

// The generator has the others.
unsigned last_cpu() {
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    sched_getaffinity(0, sizeof(cpus), &cpus);
    unsigned last = 0;
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu)
        if (CPU_ISSET(cpu, &cpus)) last = cpu;
    return last;
}

warren::bench::Result measured(const Request& request) {
    if (request.engine == "wire") return warren::bench::run_wire(request.load, request.wire);
    return request.engine == "ring" ? warren::bench::run_ring(request.load)
                                    : warren::bench::run_stage(request.load);
}

int run(int argc, char** argv) {
    Request request;
    const options::options_description all = described(request);
    options::positional_options_description positional;
    positional.add("engine", 1);
    options::variables_map values;
    options::store(
        options::command_line_parser(argc, argv).options(all).positional(positional).run(), values);
    options::notify(values);
    if (request.help) {
        std::cout << all;
        return 0;
    }
    check(request);
    warren::bench::hold_signals();
    warren::port::EalOptions environment;
    environment.instance = "warren-bench-" + std::to_string(getpid());
    environment.memory_mb = 64;
    environment.extra = {"--no-telemetry"};
    if (request.engine == "ring") environment.worker_cpus = {last_cpu()};
    const warren::port::Eal eal(environment);
    const warren::bench::Result result = measured(request);
    const warren::bench::Run said{request.engine, request.mode, request.load, eal.uses_hugepages()};
    print(said, result);
    if (request.json) print_json(said, result);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::cerr << "warren-bench: " << error.what() << "\n";
        return 1;
    }
}
