// SPDX-License-Identifier: BSD-3-Clause
// State -> snapshot and guard rules.
#include "model/builder.h"
#include "kernel/guard_rules.h"
#include "kernel/next_hop.h"
#include "model/kernel_rules.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "unit/model/sample_state.h"

namespace warren::model {
namespace {

kernel::InterfaceRules rules_of(const State& state, std::uint8_t port) {
    return interface_rules(state, *build_snapshot(state, 1), port);
}

const net::MacAddress next_hop_mac{{2, 0, 0, 0, 9, 9}};

kernel::NextHop resolved(int ifindex) {
    kernel::NextHop hop;
    hop.ifindex = ifindex;
    hop.gateway = ip("192.168.8.11");
    hop.mac = next_hop_mac;
    return hop;
}

std::vector<std::string> texts(const std::vector<net::IpAddress>& addresses) {
    std::vector<std::string> all;
    for (const net::IpAddress& address : addresses)
        all.push_back(address.to_string());
    std::sort(all.begin(), all.end());
    return all;
}

TEST(Builder, VirtualRoutersAndTheirAddresses) {
    const auto state = state_of(router("A", "eth0", 51, "192.168.8.100/24\n192.168.8.101/24") +
                                router("B", "eth1", 52, "192.168.9.100/24",
                                       "virtual_ipaddress_excluded {\n 192.168.9.101\n}\n"));
    const auto snapshot = build_snapshot(*state, 7);
    EXPECT_EQ(snapshot->generation, 7U);
    ASSERT_EQ(snapshot->virtual_routers.size(), 2U);
    EXPECT_EQ(snapshot->virtual_routers[0].vrid, 51);
    EXPECT_EQ(snapshot->virtual_routers[1].vrid, 52);
    EXPECT_EQ(snapshot->virtual_routers[1].port, 1);
    // No peer's Master_Down_Interval is shorter than three adverts.
    EXPECT_EQ(snapshot->virtual_routers[0].lease_ns, 3'000'000'000U);
    ASSERT_EQ(snapshot->addresses.size(), 4U);
    const exchange::OwnedAddress* excluded = snapshot->find_address(ip("192.168.9.101"));
    ASSERT_NE(excluded, nullptr);
    EXPECT_EQ(excluded->virtual_router, 1);
    EXPECT_EQ(excluded->port, 1);
    EXPECT_EQ(excluded->mac, state->ports[1].mac);
}

TEST(Builder, VirtualRouterSaysWhichMacItHasAndWhetherItAccepts) {
    const auto state = state_of(router("A", "eth0", 51, "192.168.8.100/24") +
                                router("B", "eth1", 52, "192.168.9.100/24", "no_accept\n"));
    const auto snapshot = build_snapshot(*state, 7);
    EXPECT_EQ(snapshot->virtual_routers[0].mac, state->ports[0].mac);
    EXPECT_TRUE(snapshot->virtual_routers[0].accept);
    EXPECT_EQ(snapshot->virtual_routers[1].mac, state->ports[1].mac);
    EXPECT_FALSE(snapshot->virtual_routers[1].accept);
}

TEST(Builder, ServiceUsesItsVipAsLocalAddress) {
    const auto state =
        state_of(router("A", "eth0", 51, "192.168.8.100/24") + service("192.168.8.100"));
    const auto snapshot = build_snapshot(*state, 1);
    const std::uint16_t index = snapshot->find_service(ip("192.168.8.100"), net::Be16(5672));
    ASSERT_EQ(index, 0);
    const exchange::Service& s = snapshot->services[0];
    EXPECT_EQ(s.algorithm, balance::Algorithm::wlc);
    EXPECT_EQ(snapshot->servers[0].method, flow::Method::fnat);
    EXPECT_EQ(s.established_timeout_ns, 100'000'000'000U);
    EXPECT_EQ(s.servers, (std::vector<std::uint16_t>{0, 1}));
    EXPECT_EQ(texts(s.local_addresses), (std::vector<std::string>{"192.168.8.100"}));
}

// eth0 has 192.168.8.1/24, the servers are there, the VIPs are not.
std::unique_ptr<State> vip_of_another_network(const std::string& more = "") {
    auto state = state_of(router("A", "eth0", 51, "10.55.0.1/24", "use_vmac\n") +
                          router("B", "eth0", 52, "10.55.0.2/24") + more + service("10.55.0.1") +
                          service("10.55.0.2"));
    for (ServerRecord& server : state->servers)
        server.next_hop = kernel::NextHop{.ifindex = 1,
                                          .gateway = server.config->address,
                                          .source = ip("192.168.8.1"),
                                          .mac = net::MacAddress{{2, 0, 0, 0, 0, 9}}};
    return state;
}

// As a proxy does: they know no way back to the VIP.
TEST(Builder, ServersOfAnotherNetworkThanTheVipsSeeTheHost) {
    const auto state = vip_of_another_network();
    const auto snapshot = build_snapshot(*state, 1);
    EXPECT_EQ(texts(snapshot->services[0].local_addresses),
              (std::vector<std::string>{"192.168.8.1"}));
    const exchange::OwnedAddress* owned = snapshot->find_address(ip("192.168.8.1"));
    ASSERT_NE(owned, nullptr);
    EXPECT_TRUE(owned->is_hosts) << "its own connections are the host's";
    EXPECT_EQ(owned->mac, state->ports[0].mac) << "not the virtual MAC";
    EXPECT_TRUE(owned->kernel_answers);
    const kernel::InterfaceRules rules = interface_rules(*state, *snapshot, 0);
    EXPECT_EQ(texts(rules.local_addresses),
              (std::vector<std::string>{"10.55.0.1", "10.55.0.2", "192.168.8.1", "192.168.8.1"}))
        << "and the VIPs, from which flows have begun before";
    EXPECT_EQ(rules.silent, (std::vector{ip("10.55.0.1"), ip("10.55.0.2")})) << "the host answers";
    EXPECT_TRUE(rules.addresses.empty());
}

TEST(Builder, TheHostsAddressGoesWithARouterThatIsMaster) {
    const auto state = vip_of_another_network();
    const auto owner = [&] {
        return build_snapshot(*state, 1)->find_address(ip("192.168.8.1"))->virtual_router;
    };
    EXPECT_EQ(owner(), 0);
    state->routers[1].status.state = vrrp::State::master;
    EXPECT_EQ(owner(), 1);
}

TEST(Builder, TheVipStaysTheLocalAddressWhereItMustMoveOrServersDiffer) {
    const auto local = [](const std::unique_ptr<State>& state) {
        return texts(build_snapshot(*state, 1)->services[0].local_addresses).at(0);
    };
    auto state = vip_of_another_network();
    state->config.flow_sync.emplace();
    EXPECT_EQ(local(state), "10.55.0.1") << "connections outlive this host";
    state = vip_of_another_network("dataplane {\nhost_addresses off\n}\n");
    EXPECT_EQ(local(state), "10.55.0.1");
    state = vip_of_another_network();
    state->servers[1].next_hop->source = ip("10.55.0.1");
    EXPECT_EQ(local(state), "10.55.0.1");
    state = vip_of_another_network();
    state->ports[0].primary = net::Prefix{ip("192.168.8.1"), 8};
    EXPECT_EQ(local(state), "192.168.8.1");
    state->ports[0].primary = net::Prefix{ip("192.168.8.1"), 0};
    EXPECT_EQ(local(state), "10.55.0.1") << "the VIP is in its network";
}

TEST(Builder, ServiceSaysWhetherAPeerIsToldOfItsFlows) {
    const std::string a = router("A", "eth0", 51, "192.168.8.100/24");
    const auto of = [&](const std::string& more) {
        return build_snapshot(*state_of(a + service("192.168.8.100", more)), 1)->services[0].synced;
    };
    EXPECT_TRUE(of(""));
    EXPECT_FALSE(of("flow_sync off\n"));
}

TEST(Builder, LocalAddressesMoveWithTheVipOfTheirService) {
    const auto state =
        state_of(router("A", "eth0", 51, "192.168.8.100/24") +
                 "local_address_group pool {\n 192.168.8.200 eth0\n 192.168.8.201 eth0\n}\n" +
                 service("192.168.8.100", "laddr_group_name pool\n"));
    const auto snapshot = build_snapshot(*state, 1);
    EXPECT_EQ(texts(snapshot->services[0].local_addresses),
              (std::vector<std::string>{"192.168.8.200", "192.168.8.201"}));
    const exchange::OwnedAddress* owned = snapshot->find_address(ip("192.168.8.201"));
    ASSERT_NE(owned, nullptr);
    EXPECT_EQ(owned->virtual_router, 0);
}

TEST(Builder, ServerIsReachableOnceItsNextHopIsKnownOnAPortOfOurs) {
    const auto state =
        state_of(router("A", "eth0", 51, "192.168.8.100/24") + service("192.168.8.100"));
    EXPECT_FALSE(build_snapshot(*state, 1)->servers[0].reachable) << "no route asked yet";

    state->servers[0].next_hop = resolved(1);
    const exchange::Server server = build_snapshot(*state, 2)->servers[0];
    EXPECT_TRUE(server.reachable);
    EXPECT_EQ(server.out_port, 0);
    EXPECT_EQ(server.next_hop, next_hop_mac);
    EXPECT_EQ(server.link_source, state->ports[0].mac);

    state->servers[0].next_hop->failed = true;
    EXPECT_TRUE(build_snapshot(*state, 3)->servers[0].reachable) << "the last MAC is kept";
    state->servers[0].next_hop = resolved(77);
    EXPECT_FALSE(build_snapshot(*state, 4)->servers[0].reachable) << "not a port of ours";
    state->servers[0].next_hop = resolved(1);
    state->servers[0].next_hop->mac.reset();
    EXPECT_FALSE(build_snapshot(*state, 6)->servers[0].reachable) << "unresolved";
}

// By way of lo, behind the ports, and the link's source tells the kernel which server is meant.
TEST(Builder, ThisHostIsAServerByWayOfLo) {
    auto state = state_of(router("A", "eth0", 51, "192.168.8.100/24") + service("192.168.8.100"));
    state->servers[1].next_hop = resolved(1);
    state->servers[1].next_hop->local = true;
    const auto snapshot = build_snapshot(*state, 1);
    const exchange::Server& server = snapshot->servers[1];
    EXPECT_TRUE(server.reachable);
    EXPECT_EQ(server.method, flow::Method::dr);
    EXPECT_EQ(server.out_port, exchange::loopback_port);
    EXPECT_EQ(snapshot->mtu_of(server.out_port), 65'535U);
    EXPECT_TRUE(server.next_hop.is_zero());
    state->routers[0].status.state = vrrp::State::master;
    EXPECT_EQ(
        local_services(*state)[0].own,
        (std::vector<kernel::LocalService::Own>{{server.link_source, ip("192.168.8.12"), 5672}}));
    state->config.dataplane.host_addresses = false;
    EXPECT_FALSE(build_snapshot(*state, 2)->servers[1].reachable)
        << "an appliance's host serves nothing";
}

// A tun, WireGuard, PPP: the kernel alone can send there, and gets what is for it by way of lo.
TEST(Builder, WhatOnlyTheKernelCanSendToIsLedToByIt) {
    for (const char* more : {"", "lb_kind NAT\n", "lb_kind DR\n", "proxy_protocol v2\n"}) {
        const auto state =
            state_of(router("A", "eth0", 51, "192.168.8.100/24") + service("192.168.8.100", more));
        kernel::NextHop& hop = state->servers[1].next_hop.emplace();
        hop.ifindex = 77;
        hop.without_ethernet = true;
        EXPECT_FALSE(has_way(*state, state->servers[1])) << "the host forwards nothing";
        hop.kernel_forwards = true;
        const std::string text = more;
        const bool is_led = text.empty() || text == "lb_kind NAT\n";
        const auto snapshot = build_snapshot(*state, 1);
        const exchange::Server& server = snapshot->servers[1];
        EXPECT_EQ(has_way(*state, state->servers[1]), is_led) << text;
        EXPECT_EQ(server.reachable, is_led) << text;
        if (!is_led) continue;
        EXPECT_EQ(server.out_port, exchange::loopback_port);
        EXPECT_EQ(local_services(*state)[0].own,
                  (std::vector<kernel::LocalService::Own>{
                      {server.link_source, ip("192.168.8.12"), 5672}}));
    }
}

// Its packets leave with the VIP: an answer from 127.0.0.1 reaches nobody.
TEST(Builder, LoopbackIsThisHostByItsVip) {
    auto state = state_of(router("A", "eth0", 51, "192.168.8.100/24") +
                          service("192.168.8.100", "real_server 127.0.0.1 8080 {\n}\n"));
    const std::uint16_t own = state->services[0].servers[0];
    const auto snapshot = build_snapshot(*state, 1);
    EXPECT_TRUE(snapshot->servers[own].reachable);
    EXPECT_EQ(snapshot->servers[own].out_port, exchange::loopback_port);
    state->routers[0].status.state = vrrp::State::master;
    EXPECT_EQ(local_services(*state)[0].own,
              (std::vector<kernel::LocalService::Own>{
                  {snapshot->servers[own].link_source, ip("192.168.8.100"), 8080}}));
}

// A router would send a packet to the VIP back to us.
TEST(Builder, DirectRoutingNeedsTheServerOnTheLink) {
    const auto state = state_of(router("A", "eth0", 51, "192.168.8.100/24") +
                                service("192.168.8.100", "", "lb_kind DR\n"));
    state->servers[0].next_hop = resolved(1);
    EXPECT_TRUE(build_snapshot(*state, 1)->servers[0].reachable);
    EXPECT_EQ(build_snapshot(*state, 1)->servers[0].method, flow::Method::dr);
    state->servers[0].next_hop->gateway = ip("192.168.8.1");
    EXPECT_FALSE(build_snapshot(*state, 2)->servers[0].reachable);
}

// The outer header comes from where the kernel would send from: an address of the port's.
TEST(Builder, ATunnelNeedsAnAddressToComeFrom) {
    const auto state = state_of(router("A", "eth0", 51, "192.168.8.100/24") +
                                service("192.168.8.100", "", "lb_kind TUN\n"));
    state->servers[0].next_hop = resolved(1);
    EXPECT_FALSE(build_snapshot(*state, 1)->servers[0].reachable);
    state->servers[0].next_hop->source = ip("192.168.8.4");
    const exchange::Server server = build_snapshot(*state, 2)->servers[0];
    EXPECT_TRUE(server.reachable);
    EXPECT_EQ(server.method, flow::Method::tun);
    EXPECT_EQ(server.tunnel_source, ip("192.168.8.4"));
}

TEST(Builder, WorkersKnowMtusAndTheKernelsAddresses) {
    const auto state =
        state_of(router("A", "eth0", 51, "192.168.8.100/24") + service("192.168.8.100"));
    state->ports[0].mtu = 1400;
    state->kernel_addresses = {ip("192.168.8.4")};
    const auto snapshot = build_snapshot(*state, 1);
    EXPECT_EQ(snapshot->mtu_of(0), 1400U);
    EXPECT_TRUE(snapshot->is_kernels(ip("192.168.8.4")));
    EXPECT_FALSE(snapshot->is_kernels(ip("192.168.8.100")));
}

// The kernel must not forward what a NAT server sends to a client, wherever it comes in.
TEST(Builder, TheGuardKnowsNatServers) {
    const auto state = state_of(router("A", "eth0", 51, "192.168.8.100/24") +
                                router("B", "eth1", 52, "192.168.9.1/24") +
                                service("192.168.8.100", "", "lb_kind NAT\n"));
    for (const std::uint8_t port : {0, 1})
        EXPECT_EQ(rules_of(*state, port).nat_servers,
                  (std::vector<kernel::InterfaceRules::Endpoint>{{ip("192.168.8.11"), 5672},
                                                                 {ip("192.168.8.12"), 5672}}));
}

TEST(Builder, EffectiveWeightIsWeightTimesFactor) {
    const auto state =
        state_of(router("A", "eth0", 51, "192.168.8.100/24") + service("192.168.8.100"));
    EXPECT_EQ(build_snapshot(*state, 1)->servers[1].weight, 3 * 256U);
    state->servers[1].factor = 128;
    EXPECT_EQ(build_snapshot(*state, 2)->servers[1].weight, 3 * 128U);
}

TEST(Builder, ServiceOfAForeignVipIsNotServed) {
    auto state = state_of(router("A", "eth0", 51, "192.168.8.100/24") + service("192.168.8.100"));
    state->services[0].router.reset();
    const auto snapshot = build_snapshot(*state, 1);
    EXPECT_EQ(snapshot->find_service(ip("192.168.8.100"), net::Be16(5672)),
              exchange::Snapshot::no_service);
    EXPECT_EQ(snapshot->servers.size(), 2U) << "indices stay";
}

// Reads what the snapshot holds, not what it held: this once came from freed memory.
TEST(GuardRules, EachPortsAddressesAndVrids) {
    const auto state = state_of("dataplane {\n host_addresses off\n}\n" +
                                router("A", "eth0", 51, "192.168.8.100/24") +
                                router("B", "eth1", 52, "192.168.9.100/24\n192.168.9.101/24"));
    const kernel::InterfaceRules first = rules_of(*state, 0);
    EXPECT_EQ(texts(first.addresses), (std::vector<std::string>{"192.168.8.100"}));
    EXPECT_EQ(first.vrids, (std::vector<std::uint8_t>{51}));
    const kernel::InterfaceRules second = rules_of(*state, 1);
    EXPECT_EQ(texts(second.addresses),
              (std::vector<std::string>{"192.168.9.100", "192.168.9.101"}));
    EXPECT_EQ(second.vrids, (std::vector<std::uint8_t>{52}));
    EXPECT_EQ(second.silent, second.addresses);
}

// The kernel sees all of it but virtual_servers and what FNAT servers send to a local port.
TEST(GuardRules, OfTheHostsAddressesOurPartIsHidden) {
    auto state =
        state_of(router("A", "eth0", 51, "192.168.8.100/24") +
                 router("B", "eth1", 52, "192.168.9.100/24", "no_accept\n") +
                 "local_address_group pool {\n 192.168.8.200 eth0\n}\n" + service("192.168.8.100"));
    state->host_ports = {32'768, 60'999};
    const kernel::InterfaceRules rules = rules_of(*state, 0);
    EXPECT_EQ(rules.addresses, std::vector<net::IpAddress>{});
    EXPECT_EQ(texts(rules.silent), (std::vector<std::string>{"192.168.8.100"}));
    EXPECT_EQ(rules.services,
              (std::vector<kernel::InterfaceRules::Endpoint>{{ip("192.168.8.100"), 5672}}));
    EXPECT_EQ(texts(rules.local_addresses), (std::vector<std::string>{"192.168.8.100"}));
    EXPECT_EQ(rules.fnat_servers, (std::vector<kernel::InterfaceRules::Endpoint>{
                                      {ip("192.168.8.11"), 5672}, {ip("192.168.8.12"), 5672}}));
    EXPECT_EQ(rules.first_host_port, 32'768);
    EXPECT_EQ(texts(rules_of(*state, 1).addresses), (std::vector<std::string>{"192.168.9.100"}))
        << "no_accept: the host hears nothing";
    state->ports[0].reaches_kernel = false;
    EXPECT_EQ(texts(rules_of(*state, 0).addresses), (std::vector<std::string>{"192.168.8.100"}));
}

// An address owner's: the host's way in stays open, and the kernel may say whose it is.
TEST(GuardRules, TheFirstAddressOfAnInterfaceIsNotSilenced) {
    const auto state = state_of(router("A", "eth0", 51, "192.168.8.1/24\n192.168.8.100/24"));
    EXPECT_EQ(texts(rules_of(*state, 0).silent), (std::vector<std::string>{"192.168.8.100"}));
}

// The other balancer sends a DR server that is this host what is this host's.
TEST(GuardRules, ABackupsHostHearsWhatTheMasterSendsItAsADrServer) {
    const net::MacAddress other{{2, 0, 0, 0, 0, 0x12}};
    auto state = state_of(router("A", "eth0", 51, "192.168.8.100/24") +
                          service("192.168.8.100", "", "lb_kind DR\n"));
    state->servers[0].next_hop = kernel::NextHop{.ifindex = 1, .local = true};
    state->servers[1].next_hop =
        kernel::NextHop{.ifindex = 1, .gateway = ip("192.168.8.12"), .mac = other};
    EXPECT_TRUE(rules_of(*state, 0).forwarded.empty()) << "its kernel does not know the VIP";
    state->kernel_addresses = {ip("192.168.8.100")};
    EXPECT_EQ(rules_of(*state, 0).forwarded,
              (std::vector<std::pair<net::MacAddress, kernel::InterfaceRules::Endpoint>>{
                  {other, {ip("192.168.8.100"), 5672}}}));
    state->servers[0].next_hop->local = false;
    EXPECT_TRUE(rules_of(*state, 0).forwarded.empty());
    state->servers[0].next_hop->local = true;
    state->routers[0].status.state = vrrp::State::master;
    EXPECT_TRUE(rules_of(*state, 0).forwarded.empty()) << "the other balancer's own connections";
}

TEST(GuardRules, AVirtualMacIsHeardWhileItIsOurs) {
    auto state = state_of(router("A", "eth0", 51, "192.168.8.100/24", "use_vmac\n"));
    const net::MacAddress mac = net::virtual_router_mac(51, false);
    kernel::InterfaceRules rules = rules_of(*state, 0);
    EXPECT_TRUE(rules.heard_macs.empty());
    EXPECT_EQ(rules.senders, (std::vector{std::pair(mac, ip("192.168.8.100"))}));
    state->kernel_addresses = {ip("192.168.8.100")};
    EXPECT_TRUE(rules_of(*state, 0).senders.empty()) << "on lo, for DR";
    state->routers[0].status.state = vrrp::State::master;
    EXPECT_EQ(rules_of(*state, 0).heard_macs, std::vector{mac});
}

TEST(HostAddressesOfState, ThoseOfMastersWithTheirAttributes) {
    auto state = state_of(
        router("A", "eth0", 51,
               "192.168.8.100/24 label eth0:1 brd 192.168.8.255 scope link\n10.0.0.1 peer "
               "10.0.0.2/32 preferred_lft 60",
               "virtual_ipaddress_excluded {\n fd00::1/64\n fd00::2/64 -nodad home preferred_lft "
               "forever\n}\n") +
        router("B", "eth1", 52, "192.168.9.100/24"));
    EXPECT_TRUE(host_addresses(*state).empty());
    state->routers[0].status.state = vrrp::State::master;
    const std::vector<kernel::KernelAddress> all = host_addresses(*state);
    ASSERT_EQ(all.size(), 4U);
    EXPECT_EQ(all[0], (kernel::KernelAddress{.interface = "eth0",
                                             .prefix = {ip("192.168.8.100"), 24},
                                             .broadcast = ip("192.168.8.255"),
                                             .label = "eth0:1",
                                             .scope = 253}));
    EXPECT_EQ(all[1].peer, (net::Prefix{ip("10.0.0.2"), 32}));
    EXPECT_EQ(all[1].preferred_lft, 60U);
    EXPECT_EQ(all[2].flags, 0x02U) << "no duplicate address detection";
    EXPECT_EQ(all[2].preferred_lft, 0U) << "never chosen as a source";
    EXPECT_EQ(all[3].flags, 0x10U) << "home";
    EXPECT_EQ(all[3].preferred_lft, kernel::KernelAddress::for_ever);
    state->config.dataplane.host_addresses = false;
    EXPECT_TRUE(host_addresses(*state).empty());
}

TEST(LocalServices, OfMastersThoseThatTakeNewFlows) {
    auto state = state_of(router("A", "eth0", 51, "192.168.8.100/24") + service("192.168.8.100"));
    ASSERT_EQ(local_services(*state).size(), 1U);
    EXPECT_FALSE(local_services(*state)[0].is_active) << "a backup's host goes over the wire";
    state->routers[0].status.state = vrrp::State::master;
    const kernel::LocalService::Target first{ip("192.168.8.11"), 5672, 1},
        second{ip("192.168.8.12"), 5672, 3};
    EXPECT_EQ(local_services(*state),
              (std::vector<kernel::LocalService>{{ip("192.168.8.100"), 5672, {first, second}}}));
    state->servers[0].health.set_admin(balance::Admin::drained);
    EXPECT_EQ(local_services(*state)[0].targets, std::vector{second});
    state->config.dataplane.host_addresses = false;
    EXPECT_TRUE(local_services(*state).empty());
}

TEST(KeepsGroups, OfAServerThatLivesWhateverTheOperatorLeavesIt) {
    auto state = state_of(router("A", "eth0", 51, "192.168.8.100/24") + service("192.168.8.100"));
    ServerRecord& server = state->servers[0];
    const auto keeps = [&] { return build_snapshot(*state, 1)->servers[0].keeps_groups; };
    EXPECT_TRUE(keeps());
    server.ordered_weight = 0;
    EXPECT_TRUE(keeps());
    server.health.set_admin(balance::Admin::drained);
    EXPECT_TRUE(keeps());
    server.drain_is_over = true;
    EXPECT_FALSE(keeps()) << "drain_timeout";
    server.drain_is_over = false;
    server.stands_by = true;
    EXPECT_FALSE(keeps()) << "others stand in front";
    server.stands_by = false;
    server.replaced = true;
    EXPECT_FALSE(keeps()) << "the sorry_server serves, or is served for again";
    server.replaced = false;
    server.health.set_admin(balance::Admin::disabled);
    EXPECT_FALSE(keeps());
}

TEST(SharedSources, AddressesOfFnatThatTheKernelHasNow) {
    auto state = state_of(router("A", "eth0", 51, "192.168.8.100/24") + service("192.168.8.100"));
    state->host_ports = {32'768, 60'999};
    EXPECT_FALSE(shared_sources(*state).any()) << "a backup's kernel does not have it";
    EXPECT_FALSE(rules_of(*state, 0).is_translated);
    state->routers[0].status.state = vrrp::State::master;
    EXPECT_EQ(shared_sources(*state),
              (kernel::SharedSources{{ip("192.168.8.100")},
                                     {{ip("192.168.8.11"), 5672}, {ip("192.168.8.12"), 5672}},
                                     32'768,
                                     60'999}));
    EXPECT_TRUE(rules_of(*state, 0).is_translated);
    state = state_of(router("A", "eth0", 51, "192.168.8.100/24") +
                     service("192.168.8.100", "", "lb_kind DR\n"));
    state->host_ports = {32'768, 60'999};
    state->routers[0].status.state = vrrp::State::master;
    EXPECT_FALSE(shared_sources(*state).any());
}

TEST(HostAddressesOfState, AnOwnersAreNeverLeftovers) {
    const auto owner =
        "vrrp_instance O {\n interface eth0\n virtual_router_id 9\n priority "
        "255\n virtual_ipaddress {\n 192.168.8.1\n }\n}\n";
    const auto state = state_of(router("A", "eth0", 51, "192.168.8.100", "use_vmac\n") + owner);
    const std::vector<kernel::KernelAddress> all = possible_host_addresses(state->config);
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].interface, "eth0");
    EXPECT_EQ(all[1].interface, "vrrp.51") << "where keepalived has it";
}

std::vector<kernel::LocalService> thousand_services(std::uint32_t weight, bool is_active = true) {
    std::vector<kernel::LocalService> all;
    for (std::uint16_t i = 0; i < 1'000; ++i)
        all.push_back({ip("10.0.0.1"),
                       static_cast<std::uint16_t>(5'000 + i),
                       {{ip("10.0.1.1"), 5672, weight}},
                       {},
                       is_active});
    return all;
}

TEST(LocalServices, OfManyChangesSomeAreToldAtOnceAndAllInTheEnd) {
    const auto wanted = thousand_services(2);
    auto now = thousand_services(1);
    unsigned turns = 0;
    for (bool is_more = true; is_more; ++turns) {
        ASSERT_LT(turns, 100U);
        const auto before = now;
        now = wanted;
        is_more = leave_for_later(now, before, 256);
        ASSERT_EQ(now.size(), before.size());
        std::size_t told = 0;
        for (std::size_t i = 0; i < now.size(); ++i)
            told += now[i] != before[i];
        EXPECT_GE(told, turns < 19 ? 50U : 1U);
        EXPECT_LE(told, 64U);
    }
    EXPECT_EQ(now, wanted);
}

TEST(LocalServices, WhatGoesWithItsAddressDoesNotWait) {
    auto gone = thousand_services(1, false);
    EXPECT_FALSE(leave_for_later(gone, thousand_services(1), 0));
    EXPECT_EQ(gone, thousand_services(1, false));
    auto removed = std::vector<kernel::LocalService>{};
    EXPECT_FALSE(leave_for_later(removed, thousand_services(1), 0));
    EXPECT_TRUE(removed.empty());
}

}  // namespace
}  // namespace warren::model
