// SPDX-License-Identifier: BSD-3-Clause
// A running warren's telemetry socket (DPDK's, SOCK_SEQPACKET, version 2): one request, one JSON
// answer of at most 16 KiB. Errors: std::runtime_error with one clear line.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace warren::ctl {

using Json = nlohmann::ordered_json;

// Names of the instances that answer on this machine, sorted.
std::vector<std::string> running_instances();

class Telemetry {
  public:
    // Throws when no such instance runs; the text lists those that do.
    explicit Telemetry(const std::string& instance);
    ~Telemetry();
    Telemetry(const Telemetry&) = delete;
    Telemetry& operator=(const Telemetry&) = delete;

    // All rows of a view: asks for one page after the other, the first by `cursor`.
    std::vector<Json> rows(const std::string& view, std::string cursor = {});

  private:
    Json page(const std::string& view, const std::string& cursor);
    std::string exchange(const std::string& request);

    int socket_ = -1;
    std::size_t max_answer_bytes_ = 16'384;
};

}  // namespace warren::ctl
