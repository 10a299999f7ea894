// SPDX-License-Identifier: BSD-3-Clause
#include "http/message.h"

#include <algorithm>
#include <utility>

namespace warren::http {

Question read_target(std::string_view target) {
    const std::size_t mark = std::min(target.find('?'), target.size());
    return {std::string(target.substr(0, mark)),
            std::string(target.substr(std::min(mark + 1, target.size())))};
}

Answer text_answer(unsigned status, std::string text) {
    Answer answer;
    answer.status = status;
    answer.body = std::make_shared<const std::string>(std::move(text));
    return answer;
}

}  // namespace warren::http
