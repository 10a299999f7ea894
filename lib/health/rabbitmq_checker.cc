// SPDX-License-Identifier: BSD-3-Clause
// RABBITMQ_CHECK: one survey an attempt, a connection for each of its requests.
#include "health/rabbitmq_checker.h"

#include <utility>

#include "health/periodic.h"
#include "health/secret.h"
#include "rabbitmq/survey.h"

namespace warren::health {
namespace {

// The list of queues costs a cluster most, and mirrors need a while to get in sync.
constexpr unsigned mirrors_every = 6;

class RabbitmqChecker final : public PeriodicChecker {
  public:
    RabbitmqChecker(boost::asio::io_context& io, const RabbitmqOptions& options, Callback callback)
        : PeriodicChecker(io, options.schedule, options.connect_timeout_ns, std::move(callback)),
          io_(io),
          options_(options) {
        start();
    }

  private:
    void begin() override;
    void abandon() override { exchange_.reset(); }
    void run_out() override { cannot_tell(Reason::timeout, "the management API does not answer"); }
    void ask();
    void take(const HttpOutcome& outcome);
    void cannot_tell(Reason reason, std::string text);
    void conclude();

    boost::asio::io_context& io_;
    RabbitmqOptions options_;
    std::unique_ptr<HttpExchange> exchange_;
    std::optional<rabbitmq::Survey> survey_;
    std::optional<bool> mirrors_in_sync_;  // as of the last survey that asked
    unsigned surveys_ = 0;
};

void RabbitmqChecker::begin() {
    survey_.emplace(rabbitmq::Survey::Scope{.mirrors = surveys_++ % mirrors_every == 0});
    ask();
}

void RabbitmqChecker::ask() {
    const std::optional<std::string> path = survey_->next();
    if (!path) return conclude();
    std::string problem;
    exchange_ = ask_api(io_, options_, {.target = *path},
                        guarded([this](const HttpOutcome& outcome) { take(outcome); }), problem);
    if (!exchange_) fail(Reason::local, std::move(problem));
}

void RabbitmqChecker::take(const HttpOutcome& outcome) {
    if (!outcome.ok()) return cannot_tell(outcome.reason, "management API: " + outcome.problem);
    survey_->take(outcome.reply.status, outcome.reply.body);
    if (!survey_->problem().empty()) return cannot_tell(Reason::other, survey_->problem());
    ask();
}

// AMQP may well go on where the management plugin does not.
void RabbitmqChecker::cannot_tell(Reason reason, std::string text) {
    fail(options_.strict || reason == Reason::local ? reason : Reason::unknown, std::move(text));
}

void RabbitmqChecker::conclude() {
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

// USER:PASSWORD; nothing: the password's file cannot be read.
std::optional<std::string> credentials_of(const RabbitmqOptions& options) {
    if (options.password_file.empty()) return options.username + ":" + options.password;
    const std::optional<std::string> secret = read_secret(options.password_file);
    if (!secret) return std::nullopt;
    return options.username + ":" + *secret;
}

}  // namespace

std::unique_ptr<HttpExchange> ask_api(boost::asio::io_context& io, const RabbitmqOptions& options,
                                      probe::HttpRequest request, HttpExchange::Done done,
                                      std::string& problem) {
    const std::optional<std::string> credentials = credentials_of(options);
    std::optional<TlsOptions> tls;
    if (options.tls) tls = tls_options(*options.tls, options.target.address);
    if (!credentials) problem = "cannot read " + options.password_file;
    if (options.tls && !tls) problem = "cannot use " + options.tls->ca_file;
    if (!problem.empty()) return nullptr;
    request.target = options.path_prefix + request.target;
    request.host = probe::host_of(options.target.address, options.target.port);
    request.protocol = probe::HttpProtocol::v1_1;
    request.credentials = *credentials;
    return std::make_unique<HttpExchange>(io, options.target, std::move(tls), to_text(request),
                                          std::move(done));
}

std::unique_ptr<Checker> make_checker(boost::asio::io_context& io, const RabbitmqOptions& options,
                                      Callback callback) {
    return std::make_unique<RabbitmqChecker>(io, options, std::move(callback));
}

}  // namespace warren::health
