// SPDX-License-Identifier: BSD-3-Clause
#include "vrrp/tracking.h"

#include <algorithm>

namespace warren::vrrp {
namespace {

constexpr std::int64_t most = 253;
// What a track_file may hold, so that the product stays within 64 bits.
constexpr std::int64_t largest_number = std::int64_t{1} << 31;

int sign(Weight weight) {
    return weight.reverse ? -1 : 1;
}

}  // namespace

TrackedPart part_of_state(Weight weight, bool up) {
    if (weight.value == 0) return {0, up == weight.reverse};
    return {up == (weight.value > 0) ? weight.value * sign(weight) : 0, false};
}

TrackedPart part_of_number(Weight weight, std::int64_t number) {
    if (weight.value == 0) return {0, (number == 0) == weight.reverse};
    const std::int64_t product =
        std::clamp(number, -largest_number, largest_number) * weight.value * sign(weight);
    if (product < -most) return {0, true};
    return {static_cast<int>(std::min(product, most)), false};
}

TrackedPart part_of_unknown(Weight weight) {
    return {0, weight.value == 0};
}

TrackedPart total(int base, std::span<const TrackedPart> parts) {
    TrackedPart sum{base, false};
    for (const TrackedPart& part : parts) {
        sum.priority += part.priority;
        sum.fault = sum.fault || part.fault;
    }
    return sum;
}

bool RiseFall::add(bool success) {
    if (!known_) {
        known_ = true;
        up_ = success;
        return true;
    }
    if (success == up_) {
        against_ = 0;
        return false;
    }
    if (++against_ < (success ? rise_ : fall_)) return false;
    up_ = success;
    against_ = 0;
    return true;
}

}  // namespace warren::vrrp
