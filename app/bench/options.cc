// SPDX-License-Identifier: BSD-3-Clause
#include "options.h"

#include <algorithm>
#include <array>
#include <boost/program_options.hpp>
#include <sstream>
#include <string_view>

#include "exchange/worker_link.h"

namespace warren::bench {
namespace {

namespace options = boost::program_options;

options::options_description described(Request& request) {
    Load& load = request.load;
    options::options_description all(
        "warren-bench [options]\n"
        "warren-bench [EAL options] -- [options]\n\n"
        "engine stage: what a packet costs a worker, without a NIC\n"
        "engine ring: what a worker forwards from another lcore's rings\n"
        "engine wire: what a forwarder elsewhere does, through a port\n"
        "engine parts: what a software checksum and a hand-off cost, and what two workers do\n\n"
        "options");
    const auto given = [](auto& value) { return options::value(&value)->default_value(value); };
    all.add_options()("help,h", options::bool_switch(&request.help), "this text")(
        "engine", given(request.engine), "which measurement: stage, ring, wire or parts")(
        "forward-mode", given(request.mode),
        "fnat, nat, dr, tun, arp, echo; idle: nothing; syn: whole connections; mixed: of all some; "
        "io, macswap, 5tswap: as testpmd's")("flows", given(load.flows), "established flows")(
        "ipv6", options::bool_switch(&request.ipv6), "both sides, as --clients 6 --servers 6")(
        "clients", given(load.sides.clients), "IP version of the clients' side: 4 or 6")(
        "servers", given(load.sides.servers), "and of the servers'")(
        "txpkts", given(load.frame_bytes), "bytes of a TCP frame without FCS")(
        "burst", given(load.frames_at_once), "frames that the generator sends at a time")(
        "nb-cores", given(load.cores),
        "workers that forward: ring's, or the forwarder's behind a wire")(
        "verify", options::bool_switch(&load.verify), "checksums in software: no NIC has looked")(
        "workers", given(load.workers), "idle: so many there are, whose rings one looks at")(
        "flow-sync", options::bool_switch(&load.flow_sync),
        "the worker has a peer to tell of flows")("capture", options::bool_switch(&load.capture),
                                                  "somebody captures all frames")(
        "seconds", given(load.seconds), "how long to measure")(
        "windows", given(load.windows), "or how many windows of 32 bursts exactly")(
        "stats-period", given(load.stats_period_s), "seconds between statistics; 0: at the end")(
        "interface", given(request.wire.interface), "wire: the kernel's interface to send by")(
        "device", given(request.wire.device), "wire: or DPDK's device, as net_memif0,role=client")(
        "vip", given(request.wire.vip), "wire: address of the service, port 5672")(
        "rate", given(request.wire.rate), "wire: requests a second; 0: as answers come")(
        "under-way", given(request.wire.under_way), "wire: requests at most, as answers come")(
        "json", options::bool_switch(&request.json), "ends with one line of JSON");
    return all;
}

void check_wire(const Request& request) {
    const Mode mode = request.load.mode;
    if (mode != Mode::fnat && !is_reference(mode))
        throw options::error("engine wire has modes fnat, io, macswap and 5tswap");
    if (request.wire.interface.empty() == request.wire.device.empty())
        throw options::error("engine wire needs an --interface or a --device");
    if (request.wire.under_way == 0 || request.wire.under_way > 4096 || request.wire.rate < 0)
        throw options::error("--under-way must be 1 to 4096, --rate not negative");
}

void check_sides(const Load& load) {
    for (const unsigned version : {load.sides.clients, load.sides.servers})
        if (version != 4 && version != 6) throw options::error("there is IP version 4 and 6");
    if (load.sides.clients != load.sides.servers && method_of(load.mode) != flow::Method::fnat)
        throw options::error("only FNAT has two families");
}

void check_idle(const Request& request) {
    const Load& load = request.load;
    if ((load.flow_sync || load.capture || load.mode == Mode::idle) && request.engine != "stage")
        throw options::error("--flow-sync, --capture and mode idle are engine stage's");
    if (load.workers == 0 || load.workers > exchange::max_workers ||
        (load.workers != 1 && load.mode != Mode::idle))
        throw options::error("--workers must be 1 to 16, in mode idle");
}

void check(Request& request) {
    Load& load = request.load;
    constexpr std::array<std::string_view, 4> engines{"stage", "ring", "wire", "parts"};
    if (std::find(engines.begin(), engines.end(), request.engine) == engines.end())
        throw options::error("unknown engine \"" + request.engine +
                             "\": stage, ring, wire or parts");
    load.mode = mode_of(request.mode);
    if (request.ipv6) load.sides = {6, 6};
    check_sides(load);
    if (load.flows < 32 || load.flows > 12'000'000)
        throw options::error("--flows must be 32 to 12000000");
    if (load.frame_bytes < 60 || load.frame_bytes > 1514)
        throw options::error("--txpkts must be 60 to 1514");
    if (load.frames_at_once == 0 || load.frames_at_once > burst)
        throw options::error("--burst must be 1 to " + std::to_string(burst));
    if (load.mode == Mode::mixed && load.frames_at_once != burst)
        throw options::error("mode mixed is made of bursts of " + std::to_string(burst));
    if (load.cores == 0 || load.cores > 8 ||
        (load.cores != 1 && (request.engine == "stage" || request.engine == "parts")))
        throw options::error("--nb-cores must be 1 to 8, and 1 in engines stage and parts");
    if (request.engine == "parts" && load.mode > Mode::dr)
        throw options::error("engine parts has modes fnat, nat and dr");
    check_idle(request);
    if (request.engine == "wire") check_wire(request);
}

}  // namespace

Request request_of(int argc, char** argv) {
    std::vector<std::string> words(argv + 1, argv + argc);
    Request request;
    const auto border = std::find(words.begin(), words.end(), "--");
    request.is_eal_given = border != words.end();
    if (request.is_eal_given) {
        request.eal.assign(words.begin(), border);
        words.erase(words.begin(), border + 1);
    }
    const options::options_description all = described(request);
    options::positional_options_description positional;
    positional.add("engine", 1);
    options::variables_map values;
    options::store(options::command_line_parser(words).options(all).positional(positional).run(),
                   values);
    options::notify(values);
    if (!request.help) check(request);
    return request;
}

std::string options_help() {
    Request request;
    std::ostringstream text;
    text << described(request);
    return text.str();
}

}  // namespace warren::bench
