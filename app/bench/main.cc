// SPDX-License-Identifier: BSD-3-Clause
// warren-bench: testpmd-like measurements. One engine so far: stage.
#include <unistd.h>

#include <boost/program_options.hpp>
#include <cstdio>
#include <exception>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "port/eal.h"
#include "stage.h"

namespace {

namespace options = boost::program_options;

struct Request {
    warren::bench::StageOptions stage;
    std::string engine = "stage";
    std::string mode = "fnat";
    bool ipv6 = false;
    bool json = false;
    bool help = false;
};

options::options_description described(Request& request) {
    warren::bench::StageOptions& stage = request.stage;
    options::options_description all(
        "warren-bench [options]\n\nengine stage: what a packet costs a worker, without a "
        "NIC\n\noptions");
    const auto given = [](auto& value) { return options::value(&value)->default_value(value); };
    all.add_options()("help,h", options::bool_switch(&request.help), "this text")(
        "engine", given(request.engine), "which measurement: stage")(
        "forward-mode", given(request.mode),
        "fnat, nat, dr, tun, arp, echo, or syn: whole connections")("flows", given(stage.flows),
                                                                    "established flows")(
        "ipv6", options::bool_switch(&request.ipv6), "both sides, as --clients 6 --servers 6")(
        "clients", given(stage.sides.clients), "IP version of the clients' side: 4 or 6")(
        "servers", given(stage.sides.servers), "and of the servers'")(
        "txpkts", given(stage.frame_bytes), "bytes of a TCP frame without FCS")(
        "verify", options::bool_switch(&stage.verify), "checksums in software: no NIC has looked")(
        "seconds", given(stage.seconds), "how long to measure")(
        "windows", given(stage.windows), "or how many windows of 1024 packets exactly")(
        "json", options::bool_switch(&request.json), "ends with one line of JSON");
    return all;
}

void check(Request& request) {
    warren::bench::StageOptions& stage = request.stage;
    if (request.engine != "stage")
        throw options::error("unknown engine \"" + request.engine + "\": stage");
    stage.mode = warren::bench::mode_of(request.mode);
    if (request.ipv6) stage.sides = {6, 6};
    for (const unsigned version : {stage.sides.clients, stage.sides.servers})
        if (version != 4 && version != 6) throw options::error("there is IP version 4 and 6");
    if (stage.sides.clients != stage.sides.servers &&
        warren::bench::method_of(stage.mode) != warren::flow::Method::fnat)
        throw options::error("only FNAT has two families");
    if (stage.flows < 32 || stage.flows > 12'000'000)
        throw options::error("--flows must be 32 to 12000000");
    if (stage.frame_bytes < 60 || stage.frame_bytes > 1514)
        throw options::error("--txpkts must be 60 to 1514");
}

void print(const Request& request, const warren::bench::StageResult& result, bool hugepages) {
    const auto& stage = request.stage;
    std::printf(
        "%s  flows %u  IPv%u to IPv%u  %zu-byte frames  checksums by %s  EAL %s hugepages\n",
        request.mode.c_str(), stage.flows, stage.sides.clients, stage.sides.servers,
        stage.frame_bytes, stage.verify ? "software" : "the NIC", hugepages ? "on" : "without");
    std::printf("packets %lu  lost %lu  generator %.1f cycles/packet  %.0f bytes/flow\n",
                result.packets, result.lost, result.generator_cycles, result.bytes_per_flow);
    std::printf("worker %.1f cycles/packet, %.1f in the lowest decile: %.2f Mpps per core\n",
                result.cycles, result.quiet_cycles, result.mpps);
    std::printf("round of 32: %.0f ns, 99 %% %.0f ns, 99.9 %% %.0f ns\n", result.latency_ns[0],
                result.latency_ns[1], result.latency_ns[2]);
}

void print_json(const Request& request, const warren::bench::StageResult& result) {
    const nlohmann::ordered_json line{{"engine", request.engine},
                                      {"forward_mode", request.mode},
                                      {"flows", request.stage.flows},
                                      {"clients", request.stage.sides.clients},
                                      {"servers", request.stage.sides.servers},
                                      {"verify", request.stage.verify},
                                      {"packets", result.packets},
                                      {"cycles_per_packet", result.cycles},
                                      {"quiet_cycles_per_packet", result.quiet_cycles},
                                      {"mpps", result.mpps},
                                      {"bytes_per_flow", result.bytes_per_flow},
                                      {"latency_ns",
                                       {{"p50", result.latency_ns[0]},
                                        {"p99", result.latency_ns[1]},
                                        {"p999", result.latency_ns[2]}}}};
    std::puts(line.dump().c_str());
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
    warren::port::EalOptions environment;
    environment.instance = "warren-bench-" + std::to_string(getpid());
    environment.memory_mb = 64;
    environment.extra = {"--no-telemetry"};
    const warren::port::Eal eal(environment);
    const auto result = warren::bench::run_stage(request.stage);
    print(request, result, eal.uses_hugepages());
    if (request.json) print_json(request, result);
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
