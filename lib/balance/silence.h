// SPDX-License-Identifier: BSD-3-Clause
// What traffic itself says of a server, where both directions pass us (FNAT, NAT). It proves
// nothing alone, but a check is made at once, and one that says the same needs no second one.
#pragma once

#include <algorithm>
#include <cstdint>

namespace warren::balance {

// Frames go there and nothing comes back.
class Silence {
  public:
    // Long enough for a delayed ACK (RFC 9293 3.8.6.3: less than 0.5 s, in practice 40 ms).
    static constexpr std::uint64_t patience_ms = 80;
    // The last ACK of a connection that ends has no answer, so a frame or two say nothing.
    static constexpr std::uint64_t frames_min = 3;
    static constexpr std::uint64_t lapses_ms = 1'000;  // without further frames
    // Sooner than that it is doubted and its host asked whether it lives: later than most ACKs are
    // delayed, and in time for the answer. A listener's full queue drops SYNs and first data as a
    // dead host does; but that one is mute.
    static constexpr std::uint64_t doubt_ms = 50, host_answers_ms = 20;

    // Counted frames in each direction, as often as one likes.
    void sample(std::uint64_t to_server, std::uint64_t to_client, std::uint64_t now_ms) {
        if (to_client != to_client_ || now_ms - last_ms_ > lapses_ms) break_off();
        if (to_server != to_server_ && to_client == to_client_) {
            if (unanswered_ == 0) since_ms_ = now_ms;
            unanswered_ += to_server - to_server_;
            last_ms_ = now_ms;
        }
        to_server_ = to_server;
        to_client_ = to_client;
    }

    // Once for each silence.
    bool is_doubted(std::uint64_t now_ms) {
        if (doubted_ms_ != 0 || !lasts(doubt_ms, now_ms)) return false;
        doubted_ms_ = now_ms;
        return true;
    }
    // Its host has said that it lives: only the port is silent.
    void break_off() { unanswered_ = doubted_ms_ = 0; }

    // Its host has been asked, and has not answered.
    bool is_evident(std::uint64_t now_ms) const {
        return doubted_ms_ != 0 && now_ms - doubted_ms_ >= host_answers_ms &&
               lasts(patience_ms, now_ms);
    }

    std::uint64_t since_ms() const { return since_ms_; }
    // Further samples of the same counts change nothing.
    bool rests() const { return unanswered_ == 0; }

  private:
    bool lasts(std::uint64_t ms, std::uint64_t now_ms) const {
        return unanswered_ >= frames_min && now_ms - since_ms_ >= ms &&
               now_ms - last_ms_ <= lapses_ms;
    }

    std::uint64_t to_server_ = 0, to_client_ = 0;
    std::uint64_t unanswered_ = 0;              // frames since the last answer
    std::uint64_t since_ms_ = 0, last_ms_ = 0;  // the first and the last of them
    std::uint64_t doubted_ms_ = 0;              // 0: not yet
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

// A busy process still sends data, which the kernel of one that hangs does not: that goes on with
// bare ACKs, and with data only as long as its send buffer lasts. So a check that had no answer in
// time proves nothing where data has come since it asked. Not for ever: who answers none for half a
// minute takes no new clients either, whatever its old ones hear.
class Talking {
  public:
    // Of data that counts, where a check does not say when it asked.
    static constexpr std::uint64_t recent_ms = 1'000;
    static constexpr std::uint64_t most_ms = 30'000;

    // Counted frames to clients and their bytes, as often as one likes; `header_bytes`: of a frame
    // without data, which a card pads to 60. One that is shorter shows that nobody pads.
    void sample(std::uint64_t frames, std::uint64_t bytes, std::uint64_t header_bytes,
                std::uint64_t now_ms) {
        constexpr std::uint64_t padded_bytes = 60;
        const std::uint64_t came = frames - frames_, came_bytes = bytes - bytes_;
        is_padded_ = is_padded_ && came_bytes >= came * padded_bytes;
        const std::uint64_t empty =
            is_padded_ ? std::max(header_bytes, padded_bytes) : header_bytes;
        if (is_sampled_ && came_bytes > came * empty) last_ms_ = now_ms;
        frames_ = frames;
        bytes_ = bytes;
        is_sampled_ = true;
    }

    bool since(std::uint64_t asked_ms, std::uint64_t now_ms) const {
        return last_ms_ != 0 && last_ms_ > asked_ms && now_ms - last_ms_ <= recent_ms;
    }

    // A check has timed out. Whether that is excused.
    bool excuses(std::uint64_t asked_ms, std::uint64_t now_ms) {
        if (!since(asked_ms, now_ms)) return false;
        if (excused_since_ms_ == 0) excused_since_ms_ = now_ms;
        return now_ms - excused_since_ms_ < most_ms;
    }
    void answer_checks() { excused_since_ms_ = 0; }
    // It answers its clients and not its checks.
    bool is_busy() const { return excused_since_ms_ != 0; }

  private:
    std::uint64_t frames_ = 0, bytes_ = 0;
    bool is_sampled_ = false, is_padded_ = true;
    std::uint64_t last_ms_ = 0;           // 0: never
    std::uint64_t excused_since_ms_ = 0;  // 0: not
};

}  // namespace warren::balance
