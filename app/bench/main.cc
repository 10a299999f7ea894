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

namespace {

namespace options = boost::program_options;

struct Request {
    warren::bench::Load load;
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
        "engine ring: what a worker forwards from another lcore's rings\n\noptions");
    const auto given = [](auto& value) { return options::value(&value)->default_value(value); };
    all.add_options()("help,h", options::bool_switch(&request.help), "this text")(
        "engine", given(request.engine), "which measurement: stage or ring")(
        "forward-mode", given(request.mode),
        "fnat, nat, dr, tun, arp, echo; syn: whole connections; mixed: of all some; io, macswap, "
        "5tswap: as testpmd's")("flows", given(load.flows), "established flows")(
        "ipv6", options::bool_switch(&request.ipv6), "both sides, as --clients 6 --servers 6")(
        "clients", given(load.sides.clients), "IP version of the clients' side: 4 or 6")(
        "servers", given(load.sides.servers), "and of the servers'")(
        "txpkts", given(load.frame_bytes), "bytes of a TCP frame without FCS")(
        "verify", options::bool_switch(&load.verify), "checksums in software: no NIC has looked")(
        "seconds", given(load.seconds), "how long to measure")(
        "windows", given(load.windows), "or how many windows of 1024 packets exactly")(
        "json", options::bool_switch(&request.json), "ends with one line of JSON");
    return all;
}

void check(Request& request) {
    warren::bench::Load& load = request.load;
    if (request.engine != "stage" && request.engine != "ring")
        throw options::error("unknown engine \"" + request.engine + "\": stage or ring");
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
    const warren::bench::Result result = request.engine == "ring"
                                             ? warren::bench::run_ring(request.load)
                                             : warren::bench::run_stage(request.load);
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
