// SPDX-License-Identifier: BSD-3-Clause
// SMTP_CHECK: the beginning of a mail that is none, with each host in turn.
#include <boost/asio/error.hpp>
#include <utility>

#include "health/connection.h"
#include "health/layer5.h"
#include "health/periodic.h"
#include "probe/smtp_dialogue.h"

namespace warren::health {
namespace {

class SmtpChecker final : public PeriodicChecker {
  public:
    SmtpChecker(boost::asio::io_context& io, const SmtpOptions& options, Callback callback)
        : PeriodicChecker(io, options.schedule, options.connect_timeout_ns, std::move(callback)),
          io_(io),
          options_(options) {
        start();
    }
    ~SmtpChecker() override { close(); }
    void recheck() override { hasten(); }

  private:
    void begin() override;
    void abandon() override { close(); }
    bool has_been_heard() const override { return !connection_->is_unacknowledged(); }
    void close();
    void take_pace(const CheckResult& result, Pace pace) override;
    void read();
    void take(std::string_view bytes);
    void end();

    boost::asio::io_context& io_;
    SmtpOptions options_;
    std::shared_ptr<Connection> connection_;
    std::optional<probe::SmtpDialogue> dialogue_;
    std::size_t current_ = 0;
};

void SmtpChecker::begin() {
    connection_ = Connection::make(io_);
    dialogue_.emplace(options_.helo_name);
    connection_->open(options_.hosts[current_], guarded([this](const Connection::Error& error) {
                          if (error) return fail(reason_of(error), error.message());
                          read();
                      }));
}

void SmtpChecker::read() {
    connection_->read(guarded([this](const Connection::Error& error, std::string_view bytes) {
        if (error == boost::asio::error::eof)
            return fail(Reason::other, "the connection ended early");
        if (error) return fail(reason_of(error), error.message());
        take(bytes);
    }));
}

void SmtpChecker::take(std::string_view bytes) {
    std::string line = dialogue_->receive(bytes);
    if (dialogue_->is_over()) return end();
    if (line.empty()) return read();
    connection_->send(std::move(line), guarded([this](const Connection::Error& error) {
                          if (error) return fail(reason_of(error), error.message());
                          read();
                      }));
}

void SmtpChecker::end() {
    if (!dialogue_->problem().empty()) return fail(Reason::other, dialogue_->problem());
    current_ = (current_ + 1) % options_.hosts.size();
    if (current_ == 0) return succeed(elapsed_ns());
    go_on(0);
}

// keepalived's: a retry is of the host that has failed, a server that is down begins anew.
void SmtpChecker::take_pace(const CheckResult& result, Pace pace) {
    if (!result.ok() && pace == Pace::steady) current_ = 0;
}

void SmtpChecker::close() {
    if (connection_) connection_->close();
    connection_.reset();
}

}  // namespace

std::unique_ptr<Checker> make_checker(boost::asio::io_context& io, const SmtpOptions& options,
                                      Callback callback) {
    return std::make_unique<SmtpChecker>(io, options, std::move(callback));
}

}  // namespace warren::health
