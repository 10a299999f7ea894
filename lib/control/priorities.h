// SPDX-License-Identifier: BSD-3-Clause
// Tracked things move priorities: what each virtual router makes of those that it tracks goes to
// the control lcore.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "control/publication.h"
#include "kernel/netlink.h"
#include "model/reload_records.h"
#include "tracking/track_bfd.h"
#include "tracking/track_files.h"
#include "tracking/track_processes.h"
#include "tracking/track_scripts.h"

namespace warren::control {

class Priorities {
  public:
    struct Callbacks {
        std::function<vrrp::TrackedState(const std::string& name)> group;  // of a track_group
        // A router that waited for what it tracks knows now.
        std::function<void(std::uint16_t router)> settled;
        // A file or a BFD session is another now, which real_servers may be checked by.
        std::function<void()> watched;
    };

    Priorities(const Context& context, const kernel::Netlink& netlink, tracking::LinkDelays& delays,
               Callbacks callbacks);

    // Whenever a tracked thing may have changed. The commands of a start reach the control lcore
    // before its first round does.
    void apply();

    vrrp::TrackedState file_state(const std::string& name) const { return files_.state(name); }
    vrrp::TrackedState bfd_state(const std::string& name) const { return bfd_.state(name); }

    // Another configuration is in force. What it makes of routers that the control lcore is going
    // to be told of anyway is only noted.
    void follow(const model::ReloadChanges& changes);

  private:
    vrrp::TrackedState interface_state(const std::string& name) const;
    vrrp::TrackedState quorum_state(const std::string& name) const;
    vrrp::TrackedState state_of(const config::Tracked& tracked) const;
    void apply_to(std::uint16_t router);
    model::Tracking evaluate(const model::RouterState& router) const;

    Context context_;
    const kernel::Netlink& netlink_;
    tracking::LinkDelays& delays_;
    Callbacks callbacks_;
    tracking::TrackScripts scripts_;
    tracking::TrackFiles files_;
    tracking::TrackProcesses processes_;
    tracking::TrackBfd bfd_;
};

}  // namespace warren::control
