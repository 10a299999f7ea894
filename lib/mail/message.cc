// SPDX-License-Identifier: BSD-3-Clause
#include "mail/message.h"

#include <algorithm>

namespace warren::mail {
namespace {

constexpr std::size_t longest_line = 900;  // RFC 5321 4.5.3.1.6: 1,000 with its end

std::string header(std::string_view name, std::string_view value) {
    std::string line(value.substr(0, longest_line));
    std::replace_if(
        line.begin(), line.end(), [](unsigned char c) { return c < ' ' || c == 127; }, ' ');
    return std::string(name).append(": ").append(line).append("\r\n");
}

std::string joined(const std::vector<std::string>& addresses) {
    std::string all;
    for (const std::string& address : addresses)
        all.append(all.empty() ? "" : ",\r\n ").append(address);
    return all;
}

// RFC 5321 4.5.2: a line that begins with a dot gets another one.
std::string stuffed(std::string_view body) {
    std::string out;
    for (std::size_t begin = 0; begin < body.size();) {
        const std::size_t end = std::min(body.find('\n', begin), body.size());
        std::string line(body.substr(begin, std::min(end - begin, longest_line)));
        std::erase(line, '\r');
        out.append(line.starts_with('.') ? "." : "").append(line).append("\r\n");
        begin = end + 1;
    }
    return out;
}

}  // namespace

std::string data_of(const Message& message) {
    return header("Date", message.date) + header("From", message.from) +
           header("Subject", message.subject) + header("X-Mailer", "Warren") +
           "To: " + joined(message.to) + "\r\n\r\n" + stuffed(message.body) + ".\r\n";
}

}  // namespace warren::mail
