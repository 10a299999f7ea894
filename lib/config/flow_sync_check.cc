// SPDX-License-Identifier: BSD-3-Clause
#include "config/flow_sync_check.h"

#include <algorithm>
#include <map>

#include "config/local_addresses.h"
#include "syntax/document.h"

namespace warren::config {
namespace {

class FlowSyncCheck {
  public:
    FlowSyncCheck(const Config& config, const FlowSync& sync) : config_(config), sync_(sync) {
        for (const VrrpInstance& v : config.vrrp_instances)
            for (const auto* list : {&v.virtual_ipaddress, &v.virtual_ipaddress_excluded})
                for (const VirtualAddress& a : *list)
                    owners_.emplace(a.prefix.address, &v);
    }

    syntax::Diagnostics run() {
        check_ends();
        if (sync_.key_file.empty())
            error(
                "flow_sync needs a key_file: whoever may write into it could take over "
                "connections. To make one: openssl rand -hex 32 > FILE; chmod 600 FILE");
        check_owners();
        check_local_addresses();
        return std::move(found_);
    }

  private:
    void error(std::string what) {
        found_.push_back({sync_.where, syntax::Severity::error, std::move(what)});
    }
    void warn(const syntax::Location& where, std::string what) {
        found_.push_back({where, syntax::Severity::warning, std::move(what)});
    }

    void check_ends() {
        if (sync_.local.is_unspecified())
            error("flow_sync needs the address of this machine: local ADDRESS");
        else
            check_end("local", sync_.local);
        if (sync_.peers.empty()) error("flow_sync needs the other's address: peer ADDRESS");
        for (auto peer = sync_.peers.begin(); peer != sync_.peers.end(); ++peer) {
            check_end("peer", *peer);
            if (*peer == sync_.local)
                error("flow_sync: peer " + peer->to_string() + " is this machine's own address");
            else if (peer->is_v4() != sync_.local.is_v4() && !sync_.local.is_unspecified())
                error("flow_sync: local and peer must be of one family");
            if (std::find(sync_.peers.begin(), peer, *peer) != peer)
                error("flow_sync: peer " + peer->to_string() + " is given twice");
        }
    }

    void check_end(const std::string& what, const net::IpAddress& address) {
        const std::string name = "flow_sync: " + what + " " + address.to_string();
        if (owners_.contains(address))
            error(name + " is a virtual address, which moves: use one that stays its machine's");
        if (address.is_link_local() && sync_.interface.empty())
            error(name + " is link-local: say by which interface");
        if (address.is_multicast()) error(name + " is a multicast address: peers are named");
    }

    // An owner of the address is master at once, before it can have heard of a connection.
    void check_owners() {
        for (const VrrpInstance& v : config_.vrrp_instances)
            if (v.priority == 255)
                warn(v.where, v.name +
                                  ": with flow_sync say priority 254: with 255 it takes over "
                                  "before it knows the connections, and breaks them");
    }

    // Whoever has it answers for all flows of it, so it goes with one router only.
    void check_local_addresses() {
        const LocalAddresses local(config_);
        std::map<net::IpAddress, const VrrpInstance*> users;
        for (const VirtualServer& service : config_.virtual_servers) {
            const auto router = owners_.find(service.address);
            if (router == owners_.end()) continue;  // reported already
            for (const net::IpAddress& address : local.of(service)) {
                const VrrpInstance* first = users.emplace(address, router->second).first->second;
                if (first != router->second)
                    warn(service.where, "with flow_sync a local address belongs to one router: " +
                                            address.to_string() +
                                            " is used by virtual_servers of " + first->name +
                                            " and of " + router->second->name);
            }
        }
    }

    const Config& config_;
    const FlowSync& sync_;
    std::map<net::IpAddress, const VrrpInstance*> owners_;
    syntax::Diagnostics found_;
};

}  // namespace

syntax::Diagnostics check_flow_sync(const Config& config) {
    if (!config.flow_sync) return {};
    return FlowSyncCheck(config, *config.flow_sync).run();
}

std::string suggest_flow_sync(const std::string& interface) {
    return "flow_sync {\n"
           "    local ADDRESS_OF_THIS_MACHINE\n"
           "    peer ADDRESS_OF_THE_OTHER\n" +
           (interface.empty() ? "" : "    interface " + interface + "\n") +
           "    key_file /etc/warren/sync.key\n"
           "}\n";
}

}  // namespace warren::config
