// SPDX-License-Identifier: BSD-3-Clause
// The telemetry verbs /warren/show/VIEW[,CURSOR]. DPDK calls back on threads of its own, which only
// hand the question to the manager's io_context and wait for the answer, a page of JSON in one
// string. Verbs cannot be taken back: after this object's end they answer with an error.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace warren::telemetry {

class Commands {
  public:
    using Answer = std::function<void(std::string page)>;
    // Called on the io_context; calls `answer` at once or later, from the io_context.
    using Handler =
        std::function<void(const std::string& view, const std::string& cursor, Answer answer)>;
    static constexpr int timeout_ms = 2'000;

    Commands(boost::asio::io_context& io, const std::vector<std::string>& view_names,
             Handler on_question);
    ~Commands();
    Commands(const Commands&) = delete;
    Commands& operator=(const Commands&) = delete;
};

}  // namespace warren::telemetry
