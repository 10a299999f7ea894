// SPDX-License-Identifier: BSD-3-Clause
// One bulk on its way to the peer: begin is acknowledged, then the workers walk, then comes the
// end. One router at a time.
#pragma once

#include <cstdint>

#include "sync/message.h"
#include "sync/router.h"
#include "sync/sink.h"

namespace warren::sync {

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
