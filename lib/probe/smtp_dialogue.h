// SPDX-License-Identifier: BSD-3-Clause
// What SMTP_CHECK says and wants to hear (RFC 5321): 220, HELO, 250, QUIT. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace warren::probe {

class SmtpDialogue {
  public:
    static constexpr std::size_t max_reply_bytes = 4'096;  // of one answer, all its lines

    explicit SmtpDialogue(std::string helo_name) : helo_name_(std::move(helo_name)) {}

    // What the server has said since. Returns what to send now, perhaps nothing.
    std::string receive(std::string_view bytes);

    bool is_over() const { return step_ == Step::over; }
    // Empty: the server talks SMTP. Known when over.
    const std::string& problem() const { return problem_; }

  private:
    enum class Step : std::uint8_t { greeting, helo, quit, over };

    std::string answer(std::string_view line);
    std::string give_up(std::string problem);

    std::string helo_name_;
    std::string input_;  // of an answer that is not complete
    std::string problem_;
    Step step_ = Step::greeting;
};

}  // namespace warren::probe
