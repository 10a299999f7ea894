// SPDX-License-Identifier: BSD-3-Clause
// `${_RANDOM [MIN [MAX]]}` (keepalived.conf(5)): a number from MIN (0) to MAX (32767). From a seed,
// so that a file that is read again by the same process says the same again.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace warren::syntax {

class RandomNumbers {
  public:
    explicit RandomNumbers(std::uint64_t seed) : state_(seed) {}

    // The line with numbers in their places; what is not of that form stays.
    std::string put_into(std::string_view line);

  private:
    std::uint64_t state_;
};

}  // namespace warren::syntax
