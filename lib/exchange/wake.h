// SPDX-License-Identifier: BSD-3-Clause
// Ends the sleep of workers for what is left to them beside frames: a snapshot, an order, a
// question. One that sleeps for want of frames would look by itself only some milliseconds later.
#pragma once

#include <memory>
#include <span>

#include "exchange/worker_link.h"

namespace warren::exchange {

inline void wake_workers(std::span<const std::unique_ptr<WorkerLink>> workers) {
    for (const auto& worker : workers)
        worker->doorbell.ring_if_asleep();
}

}  // namespace warren::exchange
