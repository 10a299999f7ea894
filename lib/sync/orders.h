// SPDX-License-Identifier: BSD-3-Clause
// What the workers have been ordered to do, and what follows from their answers.
#pragma once

#include <algorithm>
#include <cstdint>

#include "sync/message.h"
#include "sync/router.h"
#include "sync/sink.h"

namespace warren::sync {

// One mark at a time: which one is out, and what for.
class Marks {
  public:
    enum class Purpose : std::uint8_t {
        resolve,  // lost flows have been asked for
        digest,   // to be sent, and the same
        compare,  // with the peer's digest
    };

    // One that has not been answered for two seconds is given up.
    bool is_free(std::uint64_t now_us) const { return ticket_ == 0 || now_us >= patience_us_; }
    Ticket order(Purpose purpose, std::uint64_t now_us) {
        ticket_ = ++last_ == 0 ? ++last_ : last_;
        purpose_ = purpose;
        patience_us_ = now_us + 2'000'000;
        return ticket_;
    }
    // Whether it is the one that is out; then it is no more.
    bool answer(Ticket ticket) {
        if (ticket_ == 0 || ticket != ticket_) return false;
        ticket_ = 0;
        return true;
    }
    Purpose purpose() const { return purpose_; }
    // Nobody is interested any more, but it is still out.
    void forget_purpose() { purpose_ = Purpose::resolve; }
    // When one may be ordered that is due then.
    std::uint64_t not_before(std::uint64_t due_us) const {
        return ticket_ == 0 ? due_us : std::max(due_us, patience_us_);
    }

  private:
    Ticket ticket_ = 0;
    Ticket last_ = 0;
    Purpose purpose_ = Purpose::resolve;
    std::uint64_t patience_us_ = 0;
};

// One bulk on its way to the peer: begin is acknowledged, then the workers walk, then comes the
// end. One router at a time.
class BulkOut {
  public:
    enum class Stage : std::uint8_t { idle, beginning, walking, ending };

    bool is_idle() const { return stage_ == Stage::idle; }
    bool is_walking() const { return stage_ == Stage::walking; }
    const RouterKey& router() const { return mark_.router; }
    const BulkMark& mark() const { return mark_; }
    Ticket ticket() const { return mark_.id; }

    void begin(const RouterKey& router) {
        mark_ = {router, mark_.id + 1 == 0 ? 1 : mark_.id + 1, 0};
        stage_ = Stage::beginning;
        due_ = true;
    }
    void count_record() { ++mark_.count; }
    bool walked(Ticket ticket) {
        if (!is_walking() || ticket != mark_.id) return false;
        stage_ = Stage::ending;
        due_ = true;
        return true;
    }
    void stop() {
        stage_ = Stage::idle;
        due_ = false;
    }

    // What is to be sent now, if anything.
    bool is_due() const { return due_; }
    Kind kind() const { return stage_ == Stage::beginning ? Kind::bulk_begin : Kind::bulk_end; }
    void sent() { due_ = false; }
    void lost(Kind kind, const BulkMark& mark) {
        if (is_current(kind, mark)) due_ = true;
    }
    // Whether the walk is to be ordered.
    bool acknowledged(Kind kind, const BulkMark& mark) {
        if (!is_current(kind, mark)) return false;
        due_ = false;
        stage_ = kind == Kind::bulk_begin ? Stage::walking : Stage::idle;
        return is_walking();
    }

  private:
    bool is_current(Kind what, const BulkMark& mark) const {
        return !is_idle() && !is_walking() && what == kind() && mark.id == mark_.id;
    }

    Stage stage_ = Stage::idle;
    bool due_ = false;
    BulkMark mark_;
};

}  // namespace warren::sync
