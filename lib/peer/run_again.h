// SPDX-License-Identifier: BSD-3-Clause
// A thread whose own errors must not end it.
#pragma once

#include <exception>

namespace warren::peer {

// Calls `run` until it returns. When it throws, `failed` is told why; it waits a moment and says
// whether to go on.
template <typename Run, typename Failed>
void run_again_on_errors(Run&& run, Failed&& failed) {
    bool goes_on = true;
    while (goes_on)
        try {
            run();
            return;
        } catch (const std::exception& error) {
            goes_on = failed(error);
        }
}

}  // namespace warren::peer
