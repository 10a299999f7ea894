// SPDX-License-Identifier: BSD-3-Clause
#include "config/settle_tracking.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "syntax/document.h"

namespace warren::config {
namespace {

using DefaultWeight = std::pair<int, bool>;  // and reverse

bool is_weighted(const Tracked& tracked) {
    return tracked.weight.value_or(0) != 0;
}

std::string described(const Tracked& tracked) {
    return "the " + std::string(to_text(tracked.kind)) + " " + syntax::in_quotes(tracked.name);
}

class Settling {
  public:
    explicit Settling(Config& config) : config_(config) {
        define(config.vrrp_scripts, TrackKind::script, "vrrp_script");
        define(config.track_files, TrackKind::file, "track_file");
        define(config.track_processes, TrackKind::process, "vrrp_track_process");
        define(config.bfd_instances, TrackKind::bfd, "bfd_instance");
        for (const VirtualServer& service : config.virtual_servers)
            defined_.emplace(std::pair(TrackKind::quorum, name_of(service)),
                             DefaultWeight(0, false));
    }

    syntax::Diagnostics run() {
        for (VrrpInstance& v : config_.vrrp_instances)
            take_weights(v.tracked);
        for (VrrpSyncGroup& g : config_.vrrp_sync_groups)
            take_weights(g.tracked);
        for (VrrpInstance& v : config_.vrrp_instances)
            settle(v);
        settle_track_groups();
        for (LinkDelay& delay : config_.link_delays)
            for (const VrrpInstance& v : config_.vrrp_instances)
                limit(delay, v);
        for (VirtualServer& service : config_.virtual_servers)
            for (RealServer& server : service.real_servers)
                settle_checks(server.checkers);
        return std::move(found_);
    }

  private:
    void report(syntax::Severity severity, const syntax::Location& where, std::string what) {
        found_.push_back({where, severity, std::move(what)});
    }

    // keepalived finds the first of a name, and is content.
    template <typename Definition>
    void define(std::vector<Definition>& all, TrackKind kind, const char* keyword) {
        std::erase_if(all, [&](const Definition& d) {
            if (defined_.emplace(std::pair(kind, d.name), DefaultWeight(d.weight, d.reverse))
                    .second)
                return false;
            report(syntax::Severity::warning, d.where,
                   "the " + std::string(keyword) + " " + syntax::in_quotes(d.name) +
                       " is given twice: the first one counts, as in keepalived");
            return true;
        });
        if (all.size() > max_track_definitions)
            report(syntax::Severity::error, all[max_track_definitions].where,
                   "more than " + std::to_string(max_track_definitions) + " of " + keyword);
    }

    // Its `checker` keeps it from virtual routers.
    void drop_checkers_own(std::vector<Tracked>& list) {
        std::erase_if(list, [&](const Tracked& tracked) {
            const bool drop = tracked.kind == TrackKind::bfd && is_for_checkers_only(tracked.name);
            if (drop)
                report(syntax::Severity::warning, tracked.where,
                       "the bfd_instance " + syntax::in_quotes(tracked.name) +
                           " is for checkers only: this line is ignored, as in keepalived");
            return drop;
        });
    }

    bool is_for_checkers_only(const std::string& name) const {
        return std::any_of(
            config_.bfd_instances.begin(), config_.bfd_instances.end(),
            [&](const BfdInstance& bfd) { return bfd.name == name && !bfd.for_vrrp; });
    }

    // keepalived goes on without what nobody defines; a virtual_server's quorum is ours.
    void drop_undefined(std::vector<Tracked>& list) {
        std::erase_if(list, [&](const Tracked& tracked) {
            if (tracked.kind == TrackKind::interface ||
                defined_.contains(std::pair(tracked.kind, tracked.name)))
                return false;
            const bool is_ours = tracked.kind == TrackKind::quorum;
            report(is_ours ? syntax::Severity::error : syntax::Severity::warning, tracked.where,
                   "there is no " + keyword(tracked.kind) + " " + syntax::in_quotes(tracked.name) +
                       (is_ours ? "" : ": it is not tracked, as in keepalived"));
            return !is_ours;
        });
    }

    void take_weights(std::vector<Tracked>& list) {
        drop_checkers_own(list);
        drop_undefined(list);
        for (Tracked& tracked : list) {
            DefaultWeight by_default(0, false);
            const auto definition = defined_.find(std::pair(tracked.kind, tracked.name));
            if (definition != defined_.end()) by_default = definition->second;
            if (!tracked.weight) tracked.weight = by_default.first;
            if (!tracked.reverse) tracked.reverse = by_default.second;
            if (tracked.kind == TrackKind::quorum && !is_weighted(tracked))
                report(syntax::Severity::error, tracked.where,
                       "track_quorum needs a weight: a fault would take the address from both "
                       "sides when the servers fail");
        }
    }

    // A backup that does not hear the master must be at fault before it takes over.
    void limit(LinkDelay& delay, const VrrpInstance& v) {
        constexpr std::int64_t margin_ns = ns_per_s / 256;  // keepalived's
        const std::int64_t end_ns = (v.down_timer_adverts - 1) * v.advert_int_ns;
        if (delay.interface != v.interface || std::max(delay.down_ns, delay.up_ns) < end_ns) return;
        const std::int64_t most_ns = std::max<std::int64_t>(end_ns - margin_ns, 0);
        delay.down_ns = std::min(delay.down_ns, most_ns);
        delay.up_ns = std::min(delay.up_ns, most_ns);
        report(syntax::Severity::warning, delay.where,
               delay.interface + ": its delays must be less than " +
                   std::to_string(v.down_timer_adverts - 1) + " advert_int of " + v.name + ": " +
                   std::to_string(most_ns / ns_per_ms) + " ms are taken, as in keepalived");
    }

    // Only a group that something static names can be at fault.
    void settle_track_groups() {
        const auto take = [&](const syntax::Location& where, std::string& name) {
            if (name.empty()) return;
            const TrackGroup* group = config_.find_track_group(name);
            if (group != nullptr)
                used_groups_.insert(name);
            else
                report(
                    syntax::Severity::warning, where,
                    "there is no track_group " + syntax::in_quotes(name) + ": nothing is tracked");
            if (group == nullptr) name.clear();
        };
        for (VirtualAddress& a : config_.static_addresses)
            take(a.where, a.track_group);
        for (RouteLine& r : config_.static_routes)
            take(r.where, r.track_group);
        for (RuleLine& r : config_.static_rules)
            take(r.where, r.track_group);
        for (const TrackGroup& group : config_.track_groups)
            for (const std::string& name : group.instances)
                let_track(group, name);
    }

    // As keepalived: a check of what is not there is left out.
    void settle_checks(std::vector<Checker>& checkers) {
        std::erase_if(checkers, [&](Checker& checker) {
            const auto* bfd = std::get_if<BfdCheck>(&checker);
            auto* file = std::get_if<FileCheck>(&checker);
            const bool drop = (bfd != nullptr && !is_for_checkers(bfd->name)) ||
                              (file != nullptr && !settle(*file));
            if (drop)
                report(syntax::Severity::warning, where_of(checker),
                       std::string(to_text(checker)) + " is left out: there is no " +
                           (file != nullptr ? "track_file " + syntax::in_quotes(file->track_file)
                                            : "bfd_instance " + syntax::in_quotes(bfd->name) +
                                                  " for checkers"));
            return drop;
        });
    }

    bool settle(FileCheck& check) const {
        const auto file = defined_.find(std::pair(TrackKind::file, check.track_file));
        if (file == defined_.end()) return false;
        if (!check.weight) check.weight = file->second.first;
        if (!check.reverse) check.reverse = file->second.second;
        return true;
    }

    bool is_for_checkers(const std::string& name) const {
        return std::any_of(
            config_.bfd_instances.begin(), config_.bfd_instances.end(),
            [&](const BfdInstance& bfd) { return bfd.name == name && bfd.for_checkers; });
    }

    void let_track(const TrackGroup& group, const std::string& name) {
        const auto v =
            std::find_if(config_.vrrp_instances.begin(), config_.vrrp_instances.end(),
                         [&](const VrrpInstance& instance) { return instance.name == name; });
        if (v == config_.vrrp_instances.end())
            report(syntax::Severity::warning, group.where,
                   "track_group " + group.name + ": there is no vrrp_instance " +
                       syntax::in_quotes(name));
        else if (used_groups_.contains(group.name))
            v->tracked.push_back({group.where, TrackKind::group, group.name, 0, false});
    }

    static std::string keyword(TrackKind kind) {
        return kind == TrackKind::script   ? "vrrp_script"
               : kind == TrackKind::quorum ? "virtual_server"
               : kind == TrackKind::file   ? "track_file"
               : kind == TrackKind::bfd    ? "bfd_instance"
                                           : "vrrp_track_process";
    }

    const VrrpSyncGroup* group_of(const VrrpInstance& v) const {
        for (const VrrpSyncGroup& group : config_.vrrp_sync_groups)
            for (const VrrpSyncGroup::Member& member : group.members)
                if (member.instance == v.name) return &group;
        return nullptr;
    }

    // As keepalived: its own link counts anyway, or with dont_track_primary does not.
    void drop_own_interface(VrrpInstance& v) {
        std::erase_if(v.tracked, [&](const Tracked& tracked) {
            const bool own = tracked.kind == TrackKind::interface && tracked.name == v.interface;
            if (own)
                report(syntax::Severity::warning, tracked.where,
                       v.name + ": " + tracked.name + " is its own interface, which " +
                           (v.track_primary ? "it tracks anyway, without a weight"
                                            : "dont_track_primary is about") +
                           ": this line is ignored, as in keepalived");
            return own;
        });
    }

    void settle(VrrpInstance& v) {
        drop_own_interface(v);
        const bool owner = v.priority == 255;
        const VrrpSyncGroup* group = group_of(v);
        if (owner)
            drop_weights(v, false, " does not count: an owner's priority is always 255");
        else if (group != nullptr && !group->tracking_weight)
            drop_weights(v, true,
                         " does not count in a vrrp_sync_group without "
                         "sync_group_tracking_weight, as in keepalived");
        if (group != nullptr) join(v, *group);
        if (v.tracked.size() > max_tracked)
            report(syntax::Severity::error, v.tracked[max_tracked].where,
                   v.name + ": more than " + std::to_string(max_tracked) + " things are tracked");
    }

    // keepalived 2.2.7 takes an interface of a group's member, and a file of weight 1, as if it had
    // no weight; the rest is no longer tracked.
    void drop_weights(VrrpInstance& v, bool of_group, const std::string& why) {
        std::erase_if(v.tracked, [&](Tracked& tracked) {
            if (!is_weighted(tracked)) return false;
            const bool stays = (tracked.kind == TrackKind::interface && of_group) ||
                               (tracked.kind == TrackKind::file && tracked.weight == 1);
            report(
                syntax::Severity::warning, tracked.where,
                v.name +
                    (stays ? ": the weight of " + described(tracked)
                           : ": " + described(tracked) + " has a weight and is not tracked: it") +
                    why);
            tracked.weight = 0;
            return !stays;
        });
    }

    void join(VrrpInstance& v, const VrrpSyncGroup& group) {
        for (const Tracked& tracked : group.tracked) {
            const auto again = std::find_if(
                v.tracked.begin(), v.tracked.end(),
                [&](const Tracked& o) { return o.kind == tracked.kind && o.name == tracked.name; });
            if (again != v.tracked.end())
                report(syntax::Severity::warning, again->where,
                       v.name + ": " + described(tracked) + " is tracked by its vrrp_sync_group " +
                           syntax::in_quotes(group.name) + " too: once is enough");
            const bool own = tracked.kind == TrackKind::interface && tracked.name == v.interface;
            if (again != v.tracked.end() || own) continue;
            v.tracked.push_back(tracked);
            if (v.priority == 255) v.tracked.back().weight = 0;
        }
    }

    Config& config_;
    syntax::Diagnostics found_;
    std::set<std::string> used_groups_;
    std::map<std::pair<TrackKind, std::string>, DefaultWeight> defined_;
};

bool is_checked_file(const Config& config, const std::string& name) {
    const auto checks = [&](const Checker& checker) {
        const auto* file = std::get_if<FileCheck>(&checker);
        return file != nullptr && file->track_file == name;
    };
    for (const VirtualServer& service : config.virtual_servers)
        for (const RealServer& server : service.real_servers)
            if (std::any_of(server.checkers.begin(), server.checkers.end(), checks)) return true;
    return false;
}

}  // namespace

syntax::Diagnostics settle_tracking(Config& config) {
    return Settling(config).run();
}

bool is_tracked(const Config& config, TrackKind kind, const std::string& name) {
    const auto tracks = [&](const VrrpInstance& instance) {
        return std::any_of(
            instance.tracked.begin(), instance.tracked.end(),
            [&](const Tracked& tracked) { return tracked.kind == kind && tracked.name == name; });
    };
    return std::any_of(config.vrrp_instances.begin(), config.vrrp_instances.end(), tracks) ||
           (kind == TrackKind::file && is_checked_file(config, name));
}

}  // namespace warren::config
