// SPDX-License-Identifier: BSD-3-Clause
// What talks to the management API: one question after the other, a connection of our own for each.
#include "health/rabbitmq_checker.h"

#include <utility>

#include "health/http_exchange.h"
#include "health/periodic.h"
#include "health/secret.h"
#include "probe/http_request.h"
#include "rabbitmq/survey.h"

namespace warren::health {
namespace {

// ---- a talk

// USER:PASSWORD; nothing: the password's file cannot be read.
std::optional<std::string> credentials_of(const RabbitmqOptions& options, std::string& problem) {
    if (options.password_file.empty()) return options.username + ":" + options.password;
    const std::optional<std::string> secret = read_secret(options.password_file, problem);
    if (!secret) return std::nullopt;
    return options.username + ":" + *secret;
}

class ApiTalk : public PeriodicChecker {
  protected:
    ApiTalk(boost::asio::io_context& io, const RabbitmqOptions& options, const Schedule& schedule,
            Callback callback)
        : PeriodicChecker(io, schedule, options.connect_timeout_ns, std::move(callback)),
          io_(io),
          options_(options) {}

    const RabbitmqOptions& options() const { return options_; }
    void call();

  private:
    // Method, target and reason; nothing: there is no more to say.
    virtual std::optional<probe::HttpRequest> next() = 0;
    virtual void hear(const probe::HttpReply& reply) = 0;
    virtual void conclude() = 0;
    virtual void break_off(Reason reason, std::string text) = 0;

    void abandon() override { exchange_.reset(); }
    void run_out() override { break_off(Reason::timeout, "the management API does not answer"); }
    void take(const HttpOutcome& outcome);
    std::string send(probe::HttpRequest request);

    boost::asio::io_context& io_;
    RabbitmqOptions options_;
    std::unique_ptr<HttpExchange> exchange_;
};

void ApiTalk::call() {
    std::optional<probe::HttpRequest> request = next();
    if (!request) return conclude();
    if (std::string problem = send(*std::move(request)); !problem.empty())
        fail(Reason::local, std::move(problem));
}

// Says which file of ours cannot be used; empty: it is under way.
std::string ApiTalk::send(probe::HttpRequest request) {
    std::string problem;
    const std::optional<std::string> credentials = credentials_of(options_, problem);
    if (!credentials) return problem;
    std::optional<TlsOptions> tls;
    if (options_.tls) {
        tls = tls_options(*options_.tls, options_.target.address, problem);
        if (!tls) return problem;
    }
    request.target = options_.path_prefix + request.target;
    request.host = probe::host_of(options_.target.address, options_.target.port);
    request.protocol = probe::HttpProtocol::v1_1;
    request.credentials = *credentials;
    exchange_ = std::make_unique<HttpExchange>(
        io_, options_.target, std::move(tls), to_text(request),
        guarded([this](const HttpOutcome& outcome) { take(outcome); }));
    return "";
}

void ApiTalk::take(const HttpOutcome& outcome) {
    if (!outcome.ok()) return break_off(outcome.reason, "management API: " + outcome.problem);
    hear(outcome.reply);
    call();
}

// ---- RABBITMQ_CHECK: a survey an attempt

// The list of queues costs a cluster most, and mirrors need a while to get in sync.
constexpr unsigned mirrors_every = 6;

class RabbitmqChecker final : public ApiTalk {
  public:
    RabbitmqChecker(boost::asio::io_context& io, const RabbitmqOptions& options, Callback callback)
        : ApiTalk(io, options, options.schedule, std::move(callback)) {
        start();
    }

  private:
    void begin() override;
    std::optional<probe::HttpRequest> next() override;
    void hear(const probe::HttpReply& reply) override { survey_->take(reply.status, reply.body); }
    void conclude() override;
    void break_off(Reason reason, std::string text) override;

    std::optional<rabbitmq::Survey> survey_;
    std::optional<bool> mirrors_in_sync_;  // as of the last survey that asked
    unsigned surveys_ = 0;
};

void RabbitmqChecker::begin() {
    survey_.emplace(rabbitmq::Survey::Scope{.mirrors = surveys_++ % mirrors_every == 0});
    call();
}

std::optional<probe::HttpRequest> RabbitmqChecker::next() {
    std::optional<std::string> path = survey_->next();
    if (!path) return std::nullopt;
    return probe::HttpRequest{.target = *std::move(path)};
}

// AMQP may well go on where the management plugin does not.
void RabbitmqChecker::break_off(Reason reason, std::string text) {
    const bool is_said = options().strict || reason == Reason::local;
    fail(is_said ? reason : Reason::unknown, std::move(text));
}

void RabbitmqChecker::conclude() {
    if (!survey_->problem().empty()) return break_off(Reason::other, survey_->problem());
    auto facts = std::make_shared<NodeFacts>(survey_->facts());
    if (facts->mirrors_in_sync) mirrors_in_sync_ = facts->mirrors_in_sync;
    facts->mirrors_in_sync = mirrors_in_sync_;
    CheckResult result;
    if (!survey_->not_in_service().empty()) {
        result.availability = Availability::draining;
        result.text = survey_->not_in_service();
    } else if (facts->is_in_minority()) {
        result.availability = Availability::minority;
        result.text = "hears " + std::to_string(facts->members->used) + " of " +
                      std::to_string(facts->members->limit) + " nodes, itself among them";
    } else if (!survey_->alarm().empty()) {
        result.availability = Availability::blocked;
        result.text = survey_->alarm();
    }
    result.node = std::move(facts);
    finish(result);
}

// ---- `rebalance { method close }`: a list of the node's connections and a DELETE for each that is
// to go

constexpr const char* close_reason = "rebalancing: connect again, another node has fewer clients";

class RabbitmqCloser final : public ApiTalk {
  public:
    RabbitmqCloser(boost::asio::io_context& io, const RabbitmqOptions& options,
                   rabbitmq::ClosableConnections closable, Callback callback)
        : ApiTalk(io, options, {.warmup_ns = 0}, std::move(callback)),
          closer_(std::move(closable)) {
        start();
    }

  private:
    void begin() override { call(); }
    std::optional<probe::HttpRequest> next() override;
    void hear(const probe::HttpReply& reply) override { closer_.take(reply.status, reply.body); }
    void conclude() override;
    void break_off(Reason reason, std::string text) override { fail(reason, std::move(text)); }

    rabbitmq::ConnectionCloser closer_;
};

std::optional<probe::HttpRequest> RabbitmqCloser::next() {
    if (closer_.is_over()) return std::nullopt;
    return probe::HttpRequest{
        .method = closer_.method(), .target = closer_.path(), .reason = close_reason};
}

void RabbitmqCloser::conclude() {
    if (!closer_.problem().empty()) return fail(Reason::other, closer_.problem());
    finish({.text = std::to_string(closer_.closed()) + " connections are closed"});
}

}  // namespace

std::unique_ptr<Checker> make_checker(boost::asio::io_context& io, const RabbitmqOptions& options,
                                      Callback callback) {
    return std::make_unique<RabbitmqChecker>(io, options, std::move(callback));
}

std::unique_ptr<Checker> close_connections(boost::asio::io_context& io,
                                           const RabbitmqOptions& options,
                                           rabbitmq::ClosableConnections closable,
                                           Callback callback) {
    return std::make_unique<RabbitmqCloser>(io, options, std::move(closable), std::move(callback));
}

}  // namespace warren::health
