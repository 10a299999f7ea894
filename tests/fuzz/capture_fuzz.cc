// SPDX-License-Identifier: BSD-3-Clause
// What somebody asks of packets and of flows, at the capture's socket and telemetry's: any text is
// refused with a reason or has bounds that hold, and what goes on with the next page is the same
// question.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "capture/request.h"
#include "telemetry/flow_question.h"

namespace {

using namespace warren;

void require(bool holds) {
    if (!holds) std::abort();
}

void check_request(std::string_view text) {
    static const std::vector<std::string> ports{"eth0", "eth1"};
    const capture::Request request = capture::read_request(text, ports);
    require(request.is_trace || !request.is_json);
    require(request.packets >= 1 && request.packets <= capture::most_packets);
    require(request.bytes >= 1 && request.bytes <= capture::most_bytes);
    require(request.seconds >= 1 && request.seconds <= capture::most_seconds);
    require(request.snap >= capture::least_snap && request.snap <= capture::most_snap);
    require(request.filter.port == exchange::CaptureFilter::any_port ||
            request.filter.port < ports.size());
    require(request.filter.reason <= exchange::Drop::count_);
}

void check_question(std::string_view text) {
    const telemetry::FlowQuestion question = telemetry::read_flow_question(text);
    if (!question.problem.empty()) return;
    const telemetry::FlowQuestion next = telemetry::read_flow_question(question.continued(3, 77));
    require(next.problem.empty() && next.worker == 3 && next.from == 77);
    require(next.words == question.words && next.filter.state == question.filter.state &&
            next.filter.idle_ms == question.filter.idle_ms &&
            next.filter.client.address == question.filter.client.address &&
            next.filter.server.port == question.filter.server.port);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    check_request(text);
    check_question(text);
    return 0;
}
