// SPDX-License-Identifier: BSD-3-Clause
#include "health/amqp_checker.h"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <utility>

#include "health/amqp_link.h"
#include "health/periodic.h"
#include "health/secret.h"

namespace warren::health {
namespace {

using Kind = amqp::Finding::Kind;

// A broker logs every login that fails: asked again and again it is asked less and less often.
constexpr std::int64_t longest_pause_ns = 10'000'000'000;
constexpr std::int64_t least_pause_ns = 1'000'000;
// A session of that age was a sound one.
constexpr std::int64_t settled_ns = 1'000'000'000;
// Who has closed our connection alone, or all of them, takes us back in that time.
constexpr std::chrono::milliseconds farewell_pause{80};

Reason reason_for(Kind kind) {
    switch (kind) {
        case Kind::serving:
        case Kind::blocked:
        case Kind::draining:
            return Reason::none;
        case Kind::silent:
            return Reason::timeout;
        case Kind::denied:
            return Reason::denied;
        case Kind::foreign:
            return Reason::foreign;
        case Kind::broken:
            break;
    }
    return Reason::other;
}

Availability availability_of(Kind kind) {
    if (kind == Kind::draining) return Availability::draining;
    return kind == Kind::blocked ? Availability::blocked : Availability::serving;
}

amqp::Level level_of(AmqpLevel level) {
    if (level == AmqpLevel::greeting) return amqp::Level::greeting;
    return level == AmqpLevel::session ? amqp::Level::session : amqp::Level::publish;
}

class AmqpChecker final : public Checker {
  public:
    AmqpChecker(boost::asio::io_context& io, const AmqpOptions& options, Callback callback)
        : io_(io),
          options_(options),
          callback_(std::move(callback)),
          timer_(io),
          farewell_timer_(io) {
        wait(options.schedule.warmup_ns);
    }
    ~AmqpChecker() override {
        if (link_) link_->leave();
    }
    void recheck() override {
        if (link_) link_->recheck();
    }
    void retry() override {
        if (logged_failures_ == 0 && timer_.cancel() != 0) wait(least_pause_ns);
    }

  private:
    void wait(std::int64_t pause_ns);
    void attempt();
    void give_up(const std::string& text);
    amqp::Settings settings(const std::string& password) const;
    void on_found(const amqp::Finding& finding);
    void on_ended(Reason reason, const std::string& text);
    void fail(Reason reason, const std::string& text);
    void report(CheckResult result);
    void hold(CheckResult farewell);
    void tell_farewell();
    void learn();
    bool has_settled() const;
    std::int64_t pause_ns() const;

    boost::asio::io_context& io_;
    AmqpOptions options_;
    Callback callback_;
    boost::asio::steady_timer timer_, farewell_timer_;
    std::shared_ptr<AmqpLink> link_;
    std::shared_ptr<const NodeFacts> facts_;  // of this connection
    // Lives as long as the checker: who has called back asks whether it still does.
    std::shared_ptr<const int> presence_ = std::make_shared<const int>();

    Pace pace_ = Pace::steady;
    bool latency_told_ = false;                     // of this connection
    std::optional<std::int64_t> session_since_ns_;  // of this connection
    bool lost_session_ = false;                     // the connection before this one
    bool farewell_ = false;                         // close 320, and the port refuses since
    std::optional<CheckResult> held_;               // the 320, until the next attempt tells more
    unsigned logged_failures_ = 0;                  // in a row, which are in the broker's log too
};

// ---- attempts

void AmqpChecker::wait(std::int64_t pause_ns) {
    timer_.expires_after(std::chrono::nanoseconds(pause_ns));
    timer_.async_wait(
        [this, here = std::weak_ptr<const int>(presence_)](const boost::system::error_code& error) {
            if (!error && !here.expired()) attempt();
        });
}

void AmqpChecker::attempt() {
    facts_ = nullptr;
    latency_told_ = false;
    session_since_ns_ = std::nullopt;
    std::string problem;
    std::string password = options_.password;
    if (!options_.password_file.empty()) {
        std::optional<std::string> secret = read_secret(options_.password_file, problem);
        if (!secret) return give_up(problem);
        password = *std::move(secret);
    }
    AmqpLink::Way way{options_.target, {}, options_.proxy_header, options_.connect_timeout_ns};
    if (options_.tls) {
        way.tls = tls_options(*options_.tls, options_.target.address, problem);
        if (!way.tls) return give_up(problem);
    }
    AmqpLink::Callbacks callbacks{
        [this](const amqp::Finding& finding) { on_found(finding); },
        [this](Reason reason, const std::string& text) { on_ended(reason, text); },
    };
    link_ =
        std::make_shared<AmqpLink>(io_, std::move(way), settings(password), std::move(callbacks));
    link_->open();
}

void AmqpChecker::give_up(const std::string& text) {
    const std::weak_ptr<const int> here = presence_;
    fail(Reason::local, text);
    if (!here.expired()) wait(pause_ns());
}

amqp::Settings AmqpChecker::settings(const std::string& password) const {
    amqp::Settings settings;
    settings.level = level_of(options_.level);
    settings.login = {options_.username, password,
                      rabbitmq::check_session + options_.target.address.to_string()};
    settings.vhost = options_.vhost;
    settings.cluster_name = options_.cluster_name;
    settings.heartbeat_s = options_.heartbeat_s;
    settings.handshake_ns = options_.connect_timeout_ns;
    settings.publish_interval_ns = options_.publish_interval_ns;
    return settings;
}

// ---- what they find

void AmqpChecker::on_found(const amqp::Finding& finding) {
    CheckResult result;
    result.reason = reason_for(finding.kind);
    result.text = finding.text;
    result.availability = availability_of(finding.kind);
    result.confirm_latency_ns = finding.confirm_ns;
    if (result.ok()) {
        if (!std::exchange(latency_told_, true)) result.latency_ns = link_->latency_ns();
        if (!session_since_ns_ && link_->client().is_open()) session_since_ns_ = AmqpLink::now_ns();
        lost_session_ = false;
    }
    farewell_ = finding.kind == Kind::draining;
    if (farewell_ && has_settled()) return hold(std::move(result));
    held_ = std::nullopt;
    report(std::move(result));
}

// The next attempt follows at once: a node that drains refuses it.
void AmqpChecker::hold(CheckResult farewell) {
    held_ = std::move(farewell);
    farewell_timer_.expires_after(farewell_pause);
    farewell_timer_.async_wait(
        [this, here = std::weak_ptr<const int>(presence_)](const boost::system::error_code& error) {
            if (!error && !here.expired()) tell_farewell();
        });
}

void AmqpChecker::tell_farewell() {
    if (held_) report(*std::exchange(held_, std::nullopt));
}

// Reason::none: a finding has said why.
void AmqpChecker::on_ended(Reason reason, const std::string& text) {
    const bool had_session = session_since_ns_.has_value();
    // What the port says now tells whether the node is gone. But not all the time: a session that
    // has just begun is no news.
    const bool at_once = has_settled();
    if (at_once)
        logged_failures_ = 0;
    else if (link_->latency_ns() != 0 && options_.level != AmqpLevel::greeting)
        ++logged_failures_;
    const std::weak_ptr<const int> here = presence_;
    if (reason != Reason::none) fail(reason, text);
    if (here.expired()) return;
    lost_session_ = had_session;
    wait(at_once ? least_pause_ns : pause_ns());
}

bool AmqpChecker::has_settled() const {
    return session_since_ns_ && AmqpLink::now_ns() - *session_since_ns_ >= settled_ns;
}

void AmqpChecker::fail(Reason reason, const std::string& text) {
    const std::weak_ptr<const int> here = presence_;
    tell_farewell();
    if (here.expired()) return;
    CheckResult result;
    result.reason = reason;
    result.text = text;
    const bool refused = reason == Reason::refused;
    farewell_ = farewell_ && refused;
    if (farewell_) result.availability = Availability::draining;
    result.conclusive = refused && lost_session_ && !farewell_;
    report(std::move(result));
}

std::int64_t AmqpChecker::pause_ns() const {
    const Schedule& schedule = options_.schedule;
    if (pace_ == Pace::change_pending)
        return std::max(schedule.delay_before_retry_ns, least_pause_ns);
    const unsigned doublings = std::min(logged_failures_, 10U);
    return std::max(schedule.delay_loop_ns,
                    std::min(schedule.delay_loop_ns << doublings, longest_pause_ns));
}

void AmqpChecker::report(CheckResult result) {
    learn();
    result.node = facts_;
    const Callback callback = callback_;  // it may destroy this checker, callback_ included
    const std::weak_ptr<const int> here = presence_;
    const Pace pace = callback(result);
    if (!here.expired()) pace_ = pace;
}

void AmqpChecker::learn() {
    if (facts_ || !link_ || !link_->client().greeting()) return;
    const amqp::Start& greeting = *link_->client().greeting();
    auto facts = std::make_shared<NodeFacts>();
    facts->version = greeting.version.substr(0, rabbitmq::fact_bytes);
    facts->cluster_name = greeting.cluster_name.substr(0, rabbitmq::fact_bytes);
    facts_ = std::move(facts);
}

}  // namespace

std::unique_ptr<Checker> make_checker(boost::asio::io_context& io, const AmqpOptions& options,
                                      Callback callback) {
    return std::make_unique<AmqpChecker>(io, options, std::move(callback));
}

}  // namespace warren::health
