// SPDX-License-Identifier: BSD-3-Clause
// One mail's conversation with an SMTP server (RFC 5321): what it says in, what we say out. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mail/message.h"

namespace warren::mail {

class SmtpSession {
  public:
    // Of one answer, all its lines.
    static constexpr std::size_t max_reply_bytes = 4'096;

    SmtpSession(Message message, std::string helo_name);

    // What the server has said since. Returns what to send now, perhaps nothing.
    std::string receive(std::string_view bytes);

    // Nothing more is to be sent or heard: the connection may go.
    bool is_over() const { return step_ == Step::over; }
    // The server has taken the mail, for at least one of its readers.
    bool is_sent() const { return sent_; }
    // What the server did not like, its words included; empty: nothing.
    const std::string& problem() const { return problem_; }

  private:
    enum class Step : std::uint8_t { greeting, helo, mail, rcpt, data, body, quit, over };

    std::string answer(int code);
    std::string next_recipient();
    std::string give_up(std::string_view what, int code);

    Message message_;
    std::string helo_name_;
    std::string input_;      // of an answer that is not complete
    std::string last_line_;  // of the last answer
    std::string problem_;
    std::size_t recipients_ = 0, accepted_ = 0;  // named, of these taken
    Step step_ = Step::greeting;
    bool sent_ = false;
};

}  // namespace warren::mail
