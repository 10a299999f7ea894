// SPDX-License-Identifier: BSD-3-Clause
// warren-bench: testpmd-like measurements, by one of four engines.
#include <exception>
#include <iostream>

#include "environment.h"
#include "interrupt.h"
#include "options.h"
#include "parts.h"
#include "report.h"
#include "ring.h"
#include "stage.h"
#include "wire.h"

namespace {

warren::bench::Result measured(const warren::bench::Request& request) {
    if (request.engine == "wire") return warren::bench::run_wire(request.load, request.wire);
    if (request.engine == "parts") return warren::bench::run_parts(request.load);
    return request.engine == "ring" ? warren::bench::run_ring(request.load)
                                    : warren::bench::run_stage(request.load);
}

int run(int argc, char** argv) {
    const warren::bench::Request request = warren::bench::request_of(argc, argv);
    if (request.help) {
        std::cout << warren::bench::options_help();
        return 0;
    }
    warren::bench::hold_signals();
    const warren::bench::Environment environment(request);
    const warren::bench::Result result = measured(request);
    const warren::bench::Run said{request.engine, request.mode, request.load,
                                  warren::bench::machine()};
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
