// SPDX-License-Identifier: BSD-3-Clause
#include "probe/smtp_dialogue.h"

#include <utility>

namespace warren::probe {
namespace {

// "250-" says that more lines follow.
bool goes_on(std::string_view line) {
    return line.size() > 3 && line[3] == '-';
}

}  // namespace

std::string SmtpDialogue::receive(std::string_view bytes) {
    if (is_over()) return {};
    input_ += bytes.substr(0, max_reply_bytes + 1);
    for (std::size_t begin = 0, end = 0; (end = input_.find('\n', begin)) != std::string::npos;
         begin = end + 1) {
        const std::string_view line = std::string_view(input_).substr(begin, end - begin);
        if (goes_on(line)) continue;
        std::string reply = answer(line);
        input_.clear();  // a server that says more than it was asked is not listened to
        return reply;
    }
    if (input_.size() > max_reply_bytes) return give_up("an answer without an end");
    return {};
}

std::string SmtpDialogue::answer(std::string_view line) {
    const std::string code(line.substr(0, 3));
    switch (step_) {
        case Step::greeting:
            if (code != "220") return give_up("greeting '" + code + "', not 220");
            step_ = Step::helo;
            return "HELO " + helo_name_ + "\r\n";
        case Step::helo:
            if (code != "250") return give_up("answer '" + code + "' to HELO, not 250");
            step_ = Step::quit;
            return "QUIT\r\n";
        case Step::quit:
        case Step::over:
            break;
    }
    step_ = Step::over;
    return {};
}

std::string SmtpDialogue::give_up(std::string problem) {
    step_ = Step::over;
    problem_ = std::move(problem);
    return {};
}

}  // namespace warren::probe
