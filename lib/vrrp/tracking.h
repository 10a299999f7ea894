// SPDX-License-Identifier: BSD-3-Clause
// What tracked things make of a virtual router's priority: keepalived.conf(5)'s rules, with the
// numbers of keepalived 2.2.7. Arithmetic only; who looks at the things is elsewhere.
#pragma once

#include <cstdint>
#include <span>

namespace warren::vrrp {

// `weight N [reverse]` after a tracked name. 0: a failure is a fault; with reverse, success is.
struct Weight {
    int value = 0;
    bool reverse = false;
};

// One tracked thing's part in the result.
struct TrackedPart {
    int priority = 0;  // added
    bool fault = false;
    friend bool operator==(const TrackedPart&, const TrackedPart&) = default;
};

// An interface, script, process or quorum: a positive weight is added while it is up, a negative
// one while it is down; reverse changes the sign of what is added.
TrackedPart part_of_state(Weight weight, bool up);

// A track_file's number times the weight. Less than -253 is a fault, more than 253 counts as 253.
TrackedPart part_of_number(Weight weight, std::int64_t number);

// Nothing is known yet. Where a failure would be a fault, the router waits.
TrackedPart part_of_unknown(Weight weight);

// The base priority and all parts: not yet within 1-254, which is the Instance's business.
TrackedPart total(int base, std::span<const TrackedPart> parts);

// Rise and fall of a vrrp_script. The first result decides at once; with `init_fail` it counts as
// failed before that and needs `rise` successes.
class RiseFall {
  public:
    RiseFall(unsigned rise, unsigned fall, bool init_fail)
        : rise_(rise), fall_(fall), known_(init_fail) {}

    // What is known holds on.
    void change(unsigned rise, unsigned fall) {
        rise_ = rise;
        fall_ = fall;
    }
    bool known() const { return known_; }
    bool up() const { return up_; }
    // true: up() has changed or has become known.
    bool add(bool success);

  private:
    unsigned rise_, fall_;
    bool known_;
    bool up_ = false;
    unsigned against_ = 0;  // results in a row that speak against up_
};

}  // namespace warren::vrrp
