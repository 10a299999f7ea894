// SPDX-License-Identifier: BSD-3-Clause
// A terminal that shows whole screens and gives single keys. What it was before is put back when
// this object goes, at a signal that stops or ends the process too. Escape sequences are those of
// ECMA-48, which all terminals of today have: no terminfo is needed for so few.
#pragma once

#include <termios.h>

#include <string>
#include <vector>

#include "live/top_screen.h"

namespace warren::ctl {

// Standard input and output are one, and it knows escape sequences.
bool is_full_terminal();

// The escape sequences that show such a screen.
std::string painted(const std::vector<ScreenLine>& lines, bool with_colour);

class Terminal {
  public:
    // Throws std::system_error.
    explicit Terminal(bool with_colour);
    ~Terminal();
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;

    void show(const std::vector<ScreenLine>& lines) const;

    struct Input {
        std::string keys;
        bool has_ended = false;  // by a signal, or it has gone
    };
    // What comes within that time; at once, without keys, when the size has changed or the process
    // was stopped in between.
    Input wait(int ms);

  private:
    void enter() const;
    void leave() const;
    void take_signal(Input& input) const;

    termios before_{};
    int signals_ = -1;
    bool with_colour_;
};

}  // namespace warren::ctl
