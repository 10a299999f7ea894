// SPDX-License-Identifier: BSD-3-Clause
// HTTP_GET and SSL_GET: one request of one url an attempt.
#include <utility>

#include "health/http_exchange.h"
#include "health/layer5.h"
#include "health/periodic.h"

namespace warren::health {
namespace {

class HttpChecker final : public PeriodicChecker {
  public:
    HttpChecker(boost::asio::io_context& io, const HttpOptions& options, Callback callback)
        : PeriodicChecker(io, options.schedule, options.connect_timeout_ns, std::move(callback)),
          io_(io),
          options_(options),
          is_down_(options.starts_down) {
        if (options.tls) tls_ = make_tls_context();
        start();
    }
    void recheck() override { hasten(); }

  private:
    void begin() override;
    void abandon() override { exchange_.reset(); }
    bool has_been_heard() const override { return exchange_->has_been_heard(); }
    void take_pace(const CheckResult& result, Pace pace) override;
    void take(const HttpOutcome& outcome);
    bool turn_to_next();

    const HttpUrl& url() const { return options_.urls[current_]; }

    boost::asio::io_context& io_;
    HttpOptions options_;
    std::shared_ptr<boost::asio::ssl::context> tls_;
    std::unique_ptr<HttpExchange> exchange_;
    std::size_t current_ = 0;
    bool is_down_;         // as far as we know: all urls must be good until it is not
    bool failed_ = false;  // the current url has taken it down
};

void HttpChecker::begin() {
    std::optional<TlsOptions> tls;
    if (options_.tls)
        tls = TlsOptions{.context = tls_,
                         .server_name = url().server_name,
                         .strict_end = options_.tls_compliant};
    exchange_ = std::make_unique<HttpExchange>(
        io_, options_.target, std::move(tls), to_text(url().request),
        guarded([this](const HttpOutcome& outcome) { take(outcome); }));
}

void HttpChecker::take(const HttpOutcome& outcome) {
    if (!outcome.ok()) return fail(outcome.reason, outcome.problem);
    if (url().wanted.regex && !url().wanted.regex->problem().empty())
        return fail(Reason::local, "regex: " + url().wanted.regex->problem());
    if (std::string fault = judge(url().wanted, outcome.reply); !fault.empty())
        return fail(Reason::other, url().request.target + ": " + fault);
    const bool all_good = turn_to_next();
    if (!is_down_ || all_good) return succeed(elapsed_ns());
    go_on(options_.fast_recovery ? 0 : schedule().delay_loop_ns);
}

// Whether that was the last of a round. Once the one that had failed is good, a round begins.
bool HttpChecker::turn_to_next() {
    const bool begins_round = std::exchange(failed_, false) && options_.urls.size() > 1;
    current_ = begins_round ? 0 : (current_ + 1) % options_.urls.size();
    return !begins_round && current_ == 0;
}

// A failure after which nothing is pending has taken the server down, or found it there.
void HttpChecker::take_pace(const CheckResult& result, Pace pace) {
    if (result.reason == Reason::local) return;
    if (result.ok())
        is_down_ = false;
    else if (pace == Pace::steady)
        is_down_ = failed_ = true;
}

}  // namespace

std::unique_ptr<Checker> make_checker(boost::asio::io_context& io, const HttpOptions& options,
                                      Callback callback) {
    return std::make_unique<HttpChecker>(io, options, std::move(callback));
}

}  // namespace warren::health
