// SPDX-License-Identifier: BSD-3-Clause
// Whom this room's decisions are told; valid as long as its objects are.
#pragma once

#include <functional>

#include "election/vrrp_link.h"
#include "exchange/sync_reports.h"

namespace warren::handover {

struct Outlets {
    std::function<void(const election::VrrpCommand&)> vrrp;
    std::function<void(const exchange::SyncOrder&)> sync;
};

}  // namespace warren::handover
