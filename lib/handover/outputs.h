// SPDX-License-Identifier: BSD-3-Clause
// Where this room's decisions go; must outlive its objects.
#pragma once

#include <functional>

#include "election/vrrp_link.h"
#include "exchange/sync_reports.h"

namespace warren::handover {

struct Outputs {
    std::function<void(const election::VrrpCommand&)> vrrp;
    std::function<void(const exchange::SyncOrder&)> sync;
};

}  // namespace warren::handover
