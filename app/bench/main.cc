// SPDX-License-Identifier: BSD-3-Clause
// warren-bench: testpmd-like measurements. One engine so far: stage.
#include <unistd.h>

#include <boost/program_options.hpp>
#include <cstdio>
#include <exception>
#include <iostream>

#include "port/eal.h"
#include "stage.h"

namespace {

namespace options = boost::program_options;

int run(int argc, char** argv) {
    warren::bench::StageOptions stage;
    std::string engine;
    options::options_description described(
        "warren-bench ENGINE [options]\n\nENGINE stage: cycles per "
        "forwarded packet of a worker, without a NIC\n\noptions");
    described.add_options()("help,h", "this text")(
        "engine", options::value(&engine)->default_value("stage"), "which measurement")(
        "flows", options::value(&stage.flows)->default_value(stage.flows), "established flows")(
        "seconds", options::value(&stage.seconds)->default_value(stage.seconds),
        "how long each loop runs")("clients", options::value(&stage.clients)->default_value(4),
                                   "IP version of the clients' side: 4 or 6")(
        "servers", options::value(&stage.servers)->default_value(4), "and of the servers'");
    options::positional_options_description positional;
    positional.add("engine", 1);
    options::variables_map values;
    options::store(
        options::command_line_parser(argc, argv).options(described).positional(positional).run(),
        values);
    options::notify(values);
    if (values.count("help") != 0) {
        std::cout << described;
        return 0;
    }
    if (engine != "stage") throw options::error("unknown engine \"" + engine + "\": stage");
    if (stage.flows == 0 || stage.flows > 1'900'000)
        throw options::error("--flows must be 1 to 1900000");
    for (const unsigned version : {stage.clients, stage.servers})
        if (version != 4 && version != 6) throw options::error("there is IP version 4 and 6");

    warren::port::EalOptions environment;
    environment.instance = "warren-bench-" + std::to_string(getpid());
    environment.memory_mb = 64;
    environment.extra = {"--no-telemetry"};
    const warren::port::Eal eal(environment);
    const auto result = warren::bench::run_stage(stage);
    std::printf("flows %u  IPv%u to IPv%u  packets %lu  lost %lu\n", stage.flows, stage.clients,
                stage.servers, result.packets, result.lost);
    std::printf("generator %.0f cycles/packet  worker %.0f cycles/packet  %.2f Mpps per core\n",
                result.generator_cycles, result.worker_cycles, result.worker_mpps);
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
