// SPDX-License-Identifier: BSD-3-Clause
// What traffic itself says of a server, where both directions pass us (FNAT, NAT). It proves
// nothing alone, but a check is made at once, and one that says the same needs no second one.
#pragma once

#include <cstdint>
#include <utility>

namespace warren::balance {

// Frames go there and nothing comes back.
class Silence {
  public:
    // Long enough for a delayed ACK (RFC 9293 3.8.6.3: less than 0.5 s, in practice 40 ms).
    static constexpr std::uint64_t patience_ms = 80;
    // The last ACK of a connection that ends has no answer, so a frame or two say nothing.
    static constexpr std::uint64_t frames_min = 3;
    static constexpr std::uint64_t lapses_ms = 1'000;  // without further frames

    // Counted frames in each direction, as often as one likes.
    void sample(std::uint64_t to_server, std::uint64_t to_client, std::uint64_t now_ms) {
        if (to_client != to_client_ || now_ms - last_ms_ > lapses_ms) {
            unanswered_ = 0;
            is_told_ = false;
        }
        if (to_server != to_server_ && to_client == to_client_) {
            if (unanswered_ == 0) since_ms_ = now_ms;
            unanswered_ += to_server - to_server_;
            last_ms_ = now_ms;
        }
        to_server_ = to_server;
        to_client_ = to_client;
    }

    bool is_evident(std::uint64_t now_ms) const {
        return unanswered_ >= frames_min && now_ms - since_ms_ >= patience_ms &&
               now_ms - last_ms_ <= lapses_ms;
    }

    std::uint64_t since_ms() const { return since_ms_; }
    // Once for each silence.
    bool is_news(std::uint64_t now_ms) {
        return is_evident(now_ms) && !std::exchange(is_told_, true);
    }

  private:
    std::uint64_t to_server_ = 0, to_client_ = 0;
    std::uint64_t unanswered_ = 0;              // frames since the last answer
    std::uint64_t since_ms_ = 0, last_ms_ = 0;  // the first and the last of them
    bool is_told_ = false;
};

// The same of a port where nobody listens: clients' SYNs are answered with RST.
class Refusing {
  public:
    static constexpr std::uint64_t lasts_ms = 1'000;
    static constexpr std::uint64_t pause_ms = 100;  // from one question to the next

    // Returns whether the checks should be asked.
    bool note(std::uint64_t now_ms) {
        last_ms_ = now_ms;
        if (asked_ms_ != 0 && now_ms - asked_ms_ < pause_ms) return false;
        asked_ms_ = now_ms;
        return true;
    }
    bool is_evident(std::uint64_t now_ms) const {
        return last_ms_ != 0 && now_ms - last_ms_ <= lasts_ms;
    }

  private:
    std::uint64_t last_ms_ = 0, asked_ms_ = 0;  // 0: never
};

// The same of a process that has died: its host resets its connections, many at once. A broker
// resets one now and then for reasons of its own.
class Resetting {
  public:
    static constexpr std::uint64_t many = 4, together_ms = 100;
    static constexpr std::uint64_t pause_ms = 1'000;  // from one question to the next

    // Returns whether the checks should be asked.
    bool note(std::uint64_t now_ms) {
        if (count_ == 0 || now_ms - since_ms_ > together_ms) {
            since_ms_ = now_ms;
            count_ = 0;
        }
        if (++count_ < many || (asked_ms_ != 0 && now_ms - asked_ms_ < pause_ms)) return false;
        asked_ms_ = now_ms;
        return true;
    }
    bool is_evident(std::uint64_t now_ms) const {
        return asked_ms_ != 0 && now_ms - asked_ms_ <= pause_ms;
    }
    // It has `left`, and has just reset as many or more: no broker's reason for one of them.
    bool has_taken_most(std::uint64_t left, std::uint64_t now_ms) const {
        return left != 0 && count_ >= many && count_ >= left && now_ms - since_ms_ <= pause_ms;
    }

  private:
    std::uint64_t count_ = 0, since_ms_ = 0, asked_ms_ = 0;  // 0: never
};

}  // namespace warren::balance
