// SPDX-License-Identifier: BSD-3-Clause
// `rebalance { method close }`: a list of the node's connections and a DELETE for each that is to
// go, a connection of our own for each request.
#include <utility>

#include "health/periodic.h"
#include "health/rabbitmq_checker.h"

namespace warren::health {
namespace {

constexpr const char* reason = "rebalancing: connect again, another node has fewer clients";

class RabbitmqCloser final : public PeriodicChecker {
  public:
    RabbitmqCloser(boost::asio::io_context& io, const RabbitmqOptions& options,
                   rabbitmq::Leavers leavers, Callback callback)
        : PeriodicChecker(io, {.warmup_ns = 0}, options.connect_timeout_ns, std::move(callback)),
          io_(io),
          options_(options),
          leavers_(std::move(leavers)) {
        start();
    }

  private:
    void begin() override;
    void abandon() override { exchange_.reset(); }
    void run_out() override { fail(Reason::timeout, "the management API does not answer"); }
    void ask();
    void take(const HttpOutcome& outcome);

    boost::asio::io_context& io_;
    RabbitmqOptions options_;
    rabbitmq::Leavers leavers_;
    std::unique_ptr<HttpExchange> exchange_;
    std::optional<rabbitmq::Farewell> farewell_;
};

void RabbitmqCloser::begin() {
    farewell_.emplace(leavers_);
    ask();
}

void RabbitmqCloser::ask() {
    if (!farewell_->problem().empty()) return fail(Reason::other, farewell_->problem());
    if (farewell_->is_over())
        return finish({.text = std::to_string(farewell_->closed()) + " connections are closed"});
    std::string problem;
    exchange_ =
        ask_api(io_, options_,
                {.method = farewell_->method(), .target = farewell_->path(), .reason = reason},
                guarded([this](const HttpOutcome& outcome) { take(outcome); }), problem);
    if (!exchange_) fail(Reason::local, std::move(problem));
}

void RabbitmqCloser::take(const HttpOutcome& outcome) {
    if (!outcome.ok()) return fail(outcome.reason, "management API: " + outcome.problem);
    farewell_->take(outcome.reply.status, outcome.reply.body);
    ask();
}

}  // namespace

std::unique_ptr<Checker> close_connections(boost::asio::io_context& io,
                                           const RabbitmqOptions& options,
                                           rabbitmq::Leavers leavers, Callback callback) {
    return std::make_unique<RabbitmqCloser>(io, options, std::move(leavers), std::move(callback));
}

}  // namespace warren::health
