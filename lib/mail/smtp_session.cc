// SPDX-License-Identifier: BSD-3-Clause
#include "mail/smtp_session.h"

#include <cctype>
#include <utility>

namespace warren::mail {
namespace {

constexpr std::size_t longest_quote = 120;  // of the server's words in ours

// "250 ok" is 250, "250-more" too; 0: no answer of this protocol.
int code_of(std::string_view line) {
    if (line.size() < 3) return 0;
    int code = 0;
    for (const char c : line.substr(0, 3)) {
        if (std::isdigit(static_cast<unsigned char>(c)) == 0) return 0;
        code = code * 10 + (c - '0');
    }
    return code;
}

std::string printable(std::string_view line) {
    std::string out;
    for (const char c : line.substr(0, longest_quote))
        out += std::isprint(static_cast<unsigned char>(c)) != 0 ? c : '?';
    return out;
}

}  // namespace

SmtpSession::SmtpSession(Message message, std::string helo_name)
    : message_(std::move(message)), helo_name_(std::move(helo_name)) {}

// RFC 5321 4.2.1: the last line of an answer has no '-' behind its code.
std::string SmtpSession::receive(std::string_view bytes) {
    input_.append(bytes);
    std::string out;
    std::size_t begin = 0;
    for (std::size_t end = 0; !is_over() && (end = input_.find('\n', begin)) != std::string::npos;
         begin = end + 1) {
        last_line_ = input_.substr(begin, end - begin);
        if (last_line_.ends_with('\r')) last_line_.pop_back();
        const int code = code_of(last_line_);
        if (code != 0 && last_line_.substr(3).starts_with('-')) continue;
        out += answer(code);
    }
    input_.erase(0, begin);
    if (input_.size() <= max_reply_bytes) return out;
    problem_ = "its answer has no end";
    step_ = Step::over;
    return {};
}

std::string SmtpSession::answer(int code) {
    switch (step_) {
        case Step::greeting:
            if (code != 220) return give_up("the greeting", code);
            step_ = Step::helo;
            return "HELO " + helo_name_ + "\r\n";
        case Step::helo:
            if (code != 250) return give_up("HELO", code);
            step_ = Step::mail;
            return "MAIL FROM:<" + message_.from + ">\r\n";
        case Step::mail:
            if (code != 250) return give_up("MAIL FROM", code);
            step_ = Step::rcpt;
            return next_recipient();
        case Step::rcpt:
            if (code == 250 || code == 251)
                ++accepted_;
            else
                problem_ = message_.to[recipients_ - 1] + ": " + printable(last_line_);
            return next_recipient();
        case Step::data:
            if (code != 354) return give_up("DATA", code);
            step_ = Step::body;
            return data_of(message_);
        case Step::body:
            if (code != 250) return give_up("the mail", code);
            sent_ = true;
            step_ = Step::quit;
            return "QUIT\r\n";
        case Step::quit:
            step_ = Step::over;
            break;
        case Step::over:
            break;
    }
    return {};
}

// One reader who is refused keeps nothing from the others.
std::string SmtpSession::next_recipient() {
    if (recipients_ < message_.to.size()) return "RCPT TO:<" + message_.to[recipients_++] + ">\r\n";
    if (accepted_ == 0) {
        step_ = Step::quit;
        return "QUIT\r\n";
    }
    step_ = Step::data;
    return "DATA\r\n";
}

std::string SmtpSession::give_up(std::string_view what, int code) {
    problem_ = std::string(what).append(": ").append(printable(last_line_));
    step_ = code == 421 || code == 0 ? Step::over : Step::quit;  // 421: it closes
    return is_over() ? "" : "QUIT\r\n";
}

}  // namespace warren::mail
