// SPDX-License-Identifier: BSD-3-Clause
// MISC_CHECK: what a program's exit status says of a server. Its time is bounded by who runs it.
#include <utility>

#include "health/layer5.h"
#include "health/periodic.h"

namespace warren::health {
namespace {

constexpr int first_weight_status = 2;  // which says weight 0

class MiscChecker final : public PeriodicChecker {
  public:
    MiscChecker(boost::asio::io_context& io, const MiscOptions& options, Callback callback)
        : PeriodicChecker(io, options.schedule, 0, std::move(callback)), options_(options) {
        start();
    }

  private:
    void begin() override;
    void abandon() override {}
    void take(const ProgramEnd& end);

    MiscOptions options_;
};

void MiscChecker::begin() {
    std::string problem = options_.run(guarded([this](const ProgramEnd& end) { take(end); }));
    if (!problem.empty()) fail(Reason::local, std::move(problem));
}

void MiscChecker::take(const ProgramEnd& end) {
    const int status = end.exit_status.value_or(1);
    if (status == 0) return succeed(0);
    if (!options_.dynamic || status < first_weight_status) return fail(Reason::other, end.text);
    CheckResult result;
    result.weight_change =
        std::int64_t{status} - first_weight_status - std::int64_t{options_.weight};
    finish(result);
}

}  // namespace

std::unique_ptr<Checker> make_checker(boost::asio::io_context& io, const MiscOptions& options,
                                      Callback callback) {
    return std::make_unique<MiscChecker>(io, options, std::move(callback));
}

}  // namespace warren::health
