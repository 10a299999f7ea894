// SPDX-License-Identifier: BSD-3-Clause
#include "http/message.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace warren::http {

Question read_target(std::string_view target) {
    const std::size_t mark = std::min(target.find('?'), target.size());
    return {std::string(target.substr(0, mark)),
            std::string(target.substr(std::min(mark + 1, target.size())))};
}

std::optional<std::string> decoded(std::string_view value) {
    std::string text;
    while (!value.empty()) {
        auto byte = static_cast<unsigned char>(value.front());
        std::size_t length = 1;
        if (byte == '%') {
            const char* end = value.data() + std::min<std::size_t>(value.size(), 3);
            if (std::from_chars(value.data() + 1, end, byte, 16).ptr != value.data() + 3)
                return std::nullopt;
            length = 3;
        }
        if (byte < ' ' || byte > '~') return std::nullopt;
        text += static_cast<char>(byte);
        value.remove_prefix(length);
    }
    return text;
}

Answer text_answer(unsigned status, std::string text) {
    Answer answer;
    answer.status = status;
    answer.body = std::make_shared<const std::string>(std::move(text));
    return answer;
}

}  // namespace warren::http
