// SPDX-License-Identifier: BSD-3-Clause
// PING_CHECK: one echo per attempt.
#include <optional>

#include "health/echo.h"
#include "health/periodic.h"

namespace warren::health {
namespace {

class PingChecker final : public PeriodicChecker {
  public:
    PingChecker(boost::asio::io_context& io, const PingOptions& options, Callback callback)
        : PeriodicChecker(io, options.schedule, options.timeout_ns, std::move(callback)),
          io_(io),
          options_(options) {
        start();
    }
    void recheck() override { hasten(); }
    void ask() override {
        if (is_waiting()) attempt(options_.timeout_ns);
    }

  private:
    void begin() override;
    void abandon() override { echo_.reset(); }
    bool has_been_heard() const override { return false; }

    boost::asio::io_context& io_;
    PingOptions options_;
    std::optional<Echo> echo_;
};

void PingChecker::begin() {
    echo_.emplace(io_, options_.address, options_.source,
                  [this](int error) { error == 0 ? succeed(elapsed_ns()) : fail(error); });
    if (const int error = echo_->send(); error != 0) fail(error);
}

}  // namespace

std::unique_ptr<Checker> make_checker(boost::asio::io_context& io, const PingOptions& options,
                                      Callback callback) {
    return std::make_unique<PingChecker>(io, options, std::move(callback));
}

}  // namespace warren::health
