// SPDX-License-Identifier: BSD-3-Clause
// A running warren's telemetry socket (DPDK's, SOCK_SEQPACKET, version 2): one request, one JSON
// answer of at most 16 KiB. Errors: std::runtime_error with one clear line.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace warren::ctl {

using Json = nlohmann::ordered_json;

// Nobody to talk to: no such instance runs.
class Unreachable : public std::runtime_error {
    using std::runtime_error::runtime_error;
};
// This user may not ask it.
class NotAllowed : public Unreachable {
    using Unreachable::Unreachable;
};
// It did not understand the words: they are wrong whatever runs.
class NotUnderstood : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

// A connected SOCK_SEQPACKET of that name in the instance's folder, the caller's to close. Throws
// Unreachable.
int connect_to(const std::string& instance, const std::string& socket_name);

// Names of the instances that answer on this machine, sorted.
std::vector<std::string> running_instances();

class Telemetry {
  public:
    // Throws Unreachable; the text lists the instances that run. Who may only read asks by the
    // reader's socket (reader_socket.h), which knows no orders.
    explicit Telemetry(const std::string& instance);
    // By a socket that is connected, and its own from now on.
    explicit Telemetry(int socket);
    ~Telemetry();
    Telemetry(const Telemetry&) = delete;
    Telemetry& operator=(const Telemetry&) = delete;

    // The rows of a view: asks for one page after the other, the first by `cursor`, until it has at
    // least `most`; no more are in the answer.
    std::vector<Json> rows(const std::string& view, std::string cursor = {},
                           std::size_t most = std::numeric_limits<std::size_t>::max());

    // Whether this user is told that.
    bool tells(const std::string& view) const;

    // That of the warren.
    pid_t process() const;

  private:
    void greet();
    Json page(const std::string& view, const std::string& cursor);
    Json read_page(const std::string& view, const std::string& cursor) const;
    std::string exchange(const std::string& request);

    int socket_ = -1;
    std::string reader_{};  // in place of that socket
    std::size_t max_answer_bytes_ = 16'384;
};

}  // namespace warren::ctl
