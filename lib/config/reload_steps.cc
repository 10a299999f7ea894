// SPDX-License-Identifier: BSD-3-Clause
#include "config/reload_steps.h"

#include <algorithm>
#include <initializer_list>
#include <map>
#include <type_traits>
#include <utility>

#include "config/fixed_parts.h"
#include "config/same_routers.h"

namespace warren::config {
namespace {

std::string seconds(std::int64_t ns) {
    std::string text = std::to_string(static_cast<double>(ns) / 1e9);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
    return text + " s";
}

std::string value_text(bool value) {
    return value ? "yes" : "no";
}
std::string value_text(const std::string& value) {
    return value.empty() ? "none" : value;
}
template <typename T>
requires std::is_arithmetic_v<T> &&(!std::is_same_v<T, bool>)std::string value_text(T value) {
    return std::to_string(value);
}
template <typename T>
requires std::is_enum_v<T> std::string value_text(T value) {
    return to_text(value);
}

// The texts of what is compared.
struct Texts {
    syntax::LineSpan before, after;
};

// The lines about one thing, each beginning with its name. What compare() and its kin do not know
// is told by tell_rest() as the text has it.
class Lines {
  public:
    Lines(std::vector<std::string>& out, std::string whose, const Texts& texts)
        : out_(out), whose_(std::move(whose)), texts_(texts) {}

    void say(const std::string& what) {
        out_.push_back(whose_ + ": " + what);
        is_empty_ = false;
    }
    // Unless the text says it better, of a keyword with one of `parts` in it: secrets are masked
    // there.
    void say_vaguely(const char* what, std::initializer_list<const char*> parts) {
        vague_.push_back({what, parts});
    }
    // Keywords whose changes have been told under another name.
    void know(std::initializer_list<const char*> keywords) {
        known_.insert(known_.end(), keywords.begin(), keywords.end());
    }
    void tell_rest(bool is_told_of = false) {
        std::vector<syntax::LineChange> changes =
            syntax::changes_between(texts_.before, texts_.after);
        std::erase_if(changes, [this](const syntax::LineChange& change) {
            return std::find(known_.begin(), known_.end(), change.keyword) != known_.end();
        });
        for (const syntax::LineChange& change : changes)
            say(change.text);
        for (const Vague& vague : vague_)
            if (std::none_of(changes.begin(), changes.end(), vague)) say(vague.what);
        if (is_empty_ && !is_told_of) say("changed");
    }
    template <typename T>
    void compare(const char* keyword, const T& before, const T& after) {
        known_.emplace_back(keyword);
        if (before != after)
            say(std::string(keyword) + " " + value_text(before) + " -> " + value_text(after));
    }
    void compare_time(const char* keyword, std::int64_t before, std::int64_t after) {
        known_.emplace_back(keyword);
        if (before != after)
            say(std::string(keyword) + " " + seconds(before) + " -> " + seconds(after));
    }
    // What comes and goes in a list.
    template <typename T, typename Name>
    void compare_list(const char* keyword, const std::vector<T>& before,
                      const std::vector<T>& after, const Name& name) {
        known_.emplace_back(keyword);
        const auto tell_missing = [&](const auto& from, const auto& in, const char* what) {
            for (const T& item : from)
                if (std::none_of(in.begin(), in.end(),
                                 [&](const T& other) { return name(other) == name(item); }))
                    say(std::string(keyword) + " " + name(item) + " " + what);
        };
        tell_missing(before, after, "removed");
        tell_missing(after, before, "added");
    }

  private:
    struct Vague {
        const char* what;
        std::vector<const char*> parts;
        // Whether that tells it.
        bool operator()(const syntax::LineChange& change) const {
            return std::any_of(parts.begin(), parts.end(), [&](const char* part) {
                return change.keyword.find(part) != std::string::npos;
            });
        }
    };

    std::vector<std::string>& out_;
    std::string whose_;
    Texts texts_;
    std::vector<std::string> known_;
    std::vector<Vague> vague_;
    bool is_empty_ = true;
};

std::string name(const VirtualAddress& address) {
    return address.prefix.to_string();
}

void compare(Lines& lines, const VrrpInstance& before, const VrrpInstance& after) {
    lines.compare("name", before.name, after.name);
    lines.compare("priority", before.priority, after.priority);
    lines.compare_time("advert_int", before.advert_int_ns, after.advert_int_ns);
    lines.compare("auth_type", before.auth_type, after.auth_type);
    if (before.auth_pass != after.auth_pass) lines.say("another auth_pass");
    lines.compare("preempt", before.preempt, after.preempt);
    lines.compare_time("preempt_delay", before.preempt_delay_ns, after.preempt_delay_ns);
    lines.compare("use_vmac", before.use_vmac, after.use_vmac);
    lines.compare("accept", before.accept, after.accept);
    const auto address = [](const VirtualAddress& a) { return name(a); };
    lines.compare_list("virtual_ipaddress", before.virtual_ipaddress, after.virtual_ipaddress,
                       address);
    lines.compare_list("virtual_ipaddress_excluded", before.virtual_ipaddress_excluded,
                       after.virtual_ipaddress_excluded, address);
    lines.compare_list("unicast_peer", before.unicast_peer, after.unicast_peer,
                       [](const UnicastPeer& peer) { return peer.address.to_string(); });
    lines.compare_list("tracks", before.tracked, after.tracked, [](const Tracked& t) {
        return std::string(to_text(t.kind)) + " " + t.name +
               (t.weight ? " weight " + std::to_string(*t.weight) : "");
    });
    lines.know({"authentication", "nopreempt", "no_accept", "track_interface", "track_script",
                "track_file", "track_process", "track_bfd", "track_quorum"});
    if (before.notify != after.notify) lines.say_vaguely("other notify scripts", {"notify"});
}

std::string name_of(const RealServer& server) {
    return server.address.to_string() + " " + std::to_string(server.port);
}

void compare(Lines& lines, const RealServer& before, const RealServer& after) {
    lines.compare("weight", before.weight, after.weight);
    lines.compare("tier", before.tier, after.tier);
    lines.compare("uthreshold", before.uthreshold, after.uthreshold);
    lines.compare("lthreshold", before.lthreshold, after.lthreshold);
    if (before.checkers != after.checkers) lines.say_vaguely("other checks", {"_CHECK", "_GET"});
}

void compare(Lines& lines, const Balancing& before, const Balancing& after) {
    lines.compare_time("slow_start", before.slow_start_ns, after.slow_start_ns);
    lines.compare_time("drain_timeout", before.drain_timeout_ns, after.drain_timeout_ns);
    lines.compare("prefer", before.prefer, after.prefer);
    if (before.rebalance != after.rebalance) lines.say_vaguely("another rebalance", {"rebalance"});
}

void compare(Lines& lines, const VirtualServer& before, const VirtualServer& after) {
    lines.compare("lb_algo", before.lb_algo, after.lb_algo);
    lines.compare("lb_kind", before.lb_kind, after.lb_kind);
    lines.compare("quorum", before.quorum, after.quorum);
    lines.compare("hysteresis", before.hysteresis, after.hysteresis);
    lines.compare_time("persistence_timeout", before.persistence_timeout_ns,
                       after.persistence_timeout_ns);
    lines.compare_time("establish_timeout", before.establish_timeout_ns,
                       after.establish_timeout_ns);
    lines.compare("flow_sync", before.flow_sync, after.flow_sync);
    lines.compare("laddr_group_name", before.local_address_group, after.local_address_group);
    compare(lines, before.balancing, after.balancing);
}

void compare(Lines& lines, const BfdInstance& before, const BfdInstance& after) {
    lines.compare("weight", before.weight, after.weight);
    if (!before.has_session_of(after)) lines.say("another session, which begins down");
}

// A thing without a comparison of its own.
template <typename T>
void compare(Lines&, const T&, const T&) {}

class Steps {
  public:
    Steps(std::vector<std::string>& out, const Texts& all) : out_(out), all_(all) {}

    // Things of one kind, matched by `key` and called by `keyword` (if any) and `name`.
    template <typename T, typename Key, typename Name>
    void run(const std::string& keyword, const std::vector<T>& before, const std::vector<T>& after,
             const Key& key, const Name& name) {
        const auto find = [&](const std::vector<T>& all, const T& wanted) {
            return std::find_if(all.begin(), all.end(),
                                [&](const T& item) { return key(item) == key(wanted); });
        };
        for (const T& old : before)
            if (find(after, old) == after.end())
                out_.push_back(titled(keyword, name(old)) + ": removed");
        for (const T& item : after) {
            const auto old = find(before, item);
            const std::string whose = titled(keyword, name(item));
            if (old == before.end())
                out_.push_back(whose + ": added");
            else if (*old != item)
                change(whose, *old, item);
        }
    }

  private:
    static std::string titled(const std::string& keyword, const std::string& name) {
        return keyword.empty() ? name : keyword + " " + name;
    }
    template <typename T>
    void change(const std::string& whose, const T& before, const T& after) {
        Lines lines(out_, whose, texts_of(before, after));
        compare(lines, before, after);
        lines.tell_rest();
    }
    void change(const std::string& whose, const VirtualServer& before, const VirtualServer& after) {
        Lines lines(out_, whose, texts_of(before, after));
        compare(lines, before, after);
        const std::size_t first = out_.size();
        const auto name = [](const RealServer& server) { return name_of(server); };
        run(whose + ": real_server", before.real_servers, after.real_servers, name, name);
        lines.know({"real_server"});
        if (before.sorry_server != after.sorry_server)
            lines.say_vaguely("sorry_server changed", {"sorry_server"});
        lines.tell_rest(out_.size() != first);
    }
    template <typename T>
    Texts texts_of(const T& before, const T& after) const {
        return {syntax::block_at(all_.before, before.where),
                syntax::block_at(all_.after, after.where)};
    }

    std::vector<std::string>& out_;
    Texts all_;
};

// The same for the same virtual router.
class RouterKeys {
  public:
    RouterKeys(const Config& running, const Config& wanted) {
        const std::vector<VrrpInstance>& before = running.vrrp_instances;
        for (std::size_t i = 0; i < before.size(); ++i)
            keys_[&before[i]] = i;
        const auto same =
            find_same_routers(router_names(before), router_names(wanted.vrrp_instances));
        for (std::size_t i = 0; i < same.size(); ++i)
            keys_[&wanted.vrrp_instances[i]] = same[i].value_or(before.size() + i);
    }
    std::size_t operator()(const VrrpInstance& instance) const { return keys_.at(&instance); }

  private:
    std::map<const VrrpInstance*, std::size_t> keys_;
};

// EAL opens cards at a start only; what is shared with the kernel may come later.
void tell_new_devices(std::vector<std::string>& out, const Config& running, const Config& wanted) {
    const std::vector<std::string> opened = port_names(running);
    for (const std::string& name : port_names(wanted)) {
        const DataplaneInterface* found = wanted.dataplane.find_interface(name);
        if (found != nullptr && !found->device.empty() &&
            std::find(opened.begin(), opened.end(), name) == opened.end())
            out.push_back("interface " + name + ": its device is not open yet: needs a restart");
    }
}

// Blocks that are one thing wherever they stand; of them only the statements of that keyword.
void tell_block(std::vector<std::string>& out, const Texts& all, const char* keyword,
                const char* within = nullptr) {
    const char* const block = within != nullptr ? within : keyword;
    const std::size_t first = out.size();
    for (const syntax::LineChange& change : syntax::changes_between(
             syntax::block_of(all.before, block), syntax::block_of(all.after, block)))
        if (within == nullptr || change.keyword == keyword)
            out.push_back(std::string(block) + ": " + change.text);
    if (out.size() == first) out.push_back(std::string(keyword) + ": changed");
}

}  // namespace

ReloadSteps reload_steps(const ReadConfig& before, const ReadConfig& after) {
    const Config& running = before.config;
    const Config& wanted = after.config;
    const Texts all{before.lines, after.lines};
    ReloadSteps found;
    std::vector<std::string>& out = found.lines;
    const std::string fixed = changed_fixed_part(running, wanted);
    if (!fixed.empty()) out.push_back(fixed + ": needs a restart");
    tell_new_devices(out, running, wanted);
    found.need_restart = !out.empty();
    if (running.global != wanted.global) tell_block(out, all, "global_defs");
    if (running.dataplane.http != wanted.dataplane.http) tell_block(out, all, "http", "dataplane");
    if (running.static_addresses != wanted.static_addresses)
        tell_block(out, all, "static_ipaddress");
    if (running.static_routes != wanted.static_routes) tell_block(out, all, "static_routes");
    if (running.static_rules != wanted.static_rules) tell_block(out, all, "static_rules");
    Steps steps(out, all);
    const auto by_name = [&](const char* keyword, const auto& before, const auto& after) {
        const auto name = [](const auto& item) { return item.name; };
        steps.run(keyword, before, after, name, name);
    };
    by_name("track_group", running.track_groups, wanted.track_groups);
    by_name("vrrp_script", running.vrrp_scripts, wanted.vrrp_scripts);
    by_name("vrrp_track_file", running.track_files, wanted.track_files);
    by_name("vrrp_track_process", running.track_processes, wanted.track_processes);
    by_name("bfd_instance", running.bfd_instances, wanted.bfd_instances);
    by_name("vrrp_sync_group", running.vrrp_sync_groups, wanted.vrrp_sync_groups);
    steps.run("", running.vrrp_instances, wanted.vrrp_instances, RouterKeys(running, wanted),
              [](const VrrpInstance& instance) {
                  return instance.serves_host_address ? instance.name + " (the host's own address)"
                                                      : "vrrp_instance " + instance.name;
              });
    by_name("local_address_group", running.local_address_groups, wanted.local_address_groups);
    const auto service = [](const VirtualServer& v) { return name_of(v); };
    steps.run("virtual_server", running.virtual_servers, wanted.virtual_servers, service, service);
    return found;
}

}  // namespace warren::config
