// SPDX-License-Identifier: BSD-3-Clause
// What another file would change, line by line.
#include "config/reload_steps.h"

#include <gtest/gtest.h>

#include "../schema/load_text.h"

namespace warren::config {
namespace reload_steps_test {

using namespace schema;
using namespace syntax;

std::string router(const std::string& name, int vrid, const std::string& more = "",
                   const std::string& vips = "10.0.0.1/24\n") {
    return "vrrp_instance " + name + " {\ninterface eth0\nvirtual_router_id " +
           std::to_string(vrid) + "\nvirtual_ipaddress {\n" + vips + "}\n" + more + "}\n";
}

std::string service(const std::string& servers, const std::string& more = "") {
    return "virtual_server 10.0.0.1 5672 {\nprotocol TCP\nlb_kind FNAT\n" + more + servers + "}\n";
}

std::string server(int number, const std::string& more = "") {
    return "real_server 10.0.1." + std::to_string(number) + " 5672 {\n" + more + "}\n";
}

std::string steps(const std::string& running, const std::string& wanted) {
    std::string text;
    for (const std::string& line :
         reload_steps({load_text(running).config}, {load_text(wanted).config}).lines)
        text += line + "\n";
    return text;
}

// With the texts, which have what no value says.
std::string steps_of_texts(const std::string& running, const std::string& wanted) {
    const LoadResult before = load_text(running), after = load_text(wanted);
    std::string text;
    for (const std::string& line :
         reload_steps({before.config, before.lines}, {after.config, after.lines}).lines)
        text += line + "\n";
    return text;
}

bool need_restart(const std::string& running, const std::string& wanted) {
    return reload_steps({load_text(running).config}, {load_text(wanted).config}).need_restart;
}

TEST(ReloadSteps, NothingOfASame) {
    const std::string a = router("A", 1);
    EXPECT_EQ(steps(a, "\n# moved\n" + a), "");
    EXPECT_EQ(steps(a + router("B", 2), router("B", 2) + a), "");
}

TEST(ReloadSteps, OfVirtualRouters) {
    const std::string a = router("A", 1);
    EXPECT_EQ(steps(a, router("A", 1, "priority 90\n")), "vrrp_instance A: priority 100 -> 90\n");
    EXPECT_EQ(steps(a, router("A", 1, "advert_int 2\n")),
              "vrrp_instance A: advert_int 1 s -> 2 s\n");
    EXPECT_EQ(steps(a, router("A", 1, "", "10.0.0.2/24\n")),
              "vrrp_instance A: virtual_ipaddress 10.0.0.1/24 removed\n"
              "vrrp_instance A: virtual_ipaddress 10.0.0.2/24 added\n");
    EXPECT_EQ(steps(a, router("Z", 1)), "vrrp_instance Z: name A -> Z\n");
    EXPECT_EQ(steps(a, router("A", 2)), "vrrp_instance A: removed\nvrrp_instance A: added\n");
    EXPECT_EQ(steps(a, router("A", 1, "garp_master_refresh 5\n")), "vrrp_instance A: changed\n");
    const std::string secret = "authentication {\nauth_type PASS\nauth_pass abc\n}\n";
    const std::string said = steps(router("A", 1, secret), router("A", 1, secret + "nopreempt\n"));
    EXPECT_EQ(said, "vrrp_instance A: preempt yes -> no\n");
    EXPECT_EQ(steps(a, router("A", 1, secret)).find("abc"), std::string::npos);
}

TEST(ReloadSteps, OfTheHostsOwnAddresses) {
    const auto with = [](const std::string& address) {
        LoadResult loaded = load_text("");
        VrrpInstance& own = loaded.config.vrrp_instances.emplace_back();
        own.serves_host_address = true;
        own.interface = "eth0";
        own.name = address;
        return loaded;
    };
    const LoadResult before = with("10.0.0.4"), after = with("10.0.0.5");
    EXPECT_EQ(reload_steps({before.config}, {after.config}).lines,
              (std::vector<std::string>{"10.0.0.4 (the host's own address): removed",
                                        "10.0.0.5 (the host's own address): added"}));
}

TEST(ReloadSteps, OfServices) {
    const std::string a = router("A", 1);
    EXPECT_EQ(steps(a, a + service(server(1))), "virtual_server 10.0.0.1 5672: added\n");
    EXPECT_EQ(steps(a + service(server(1)), a), "virtual_server 10.0.0.1 5672: removed\n");
    EXPECT_EQ(steps(a + service(server(1)), a + service(server(1), "flow_sync off\n")),
              "virtual_server 10.0.0.1 5672: flow_sync yes -> no\n");
    EXPECT_EQ(steps(a + service(server(1) + server(2)),
                    a + service(server(1, "weight 2\n") + server(3), "quorum 2\n")),
              "virtual_server 10.0.0.1 5672: quorum 1 -> 2\n"
              "virtual_server 10.0.0.1 5672: real_server 10.0.1.2 5672: removed\n"
              "virtual_server 10.0.0.1 5672: real_server 10.0.1.1 5672: weight 1 -> 2\n"
              "virtual_server 10.0.0.1 5672: real_server 10.0.1.3 5672: added\n");
}

TEST(ReloadSteps, OfWhatIsTrackedAndGroups) {
    const std::string both = router("A", 1) + router("B", 2, "", "10.0.0.2/24\n");
    EXPECT_EQ(steps(both, both + "vrrp_sync_group G {\ngroup {\nA\nB\n}\n}\n"),
              "vrrp_sync_group G: added\n");
    const std::string script = "vrrp_script S {\nscript \"/bin/true\"\n}\n";
    EXPECT_EQ(steps(script + router("A", 1), script + router("A", 1, "track_script {\nS\n}\n")),
              "vrrp_instance A: tracks script S weight 0 added\n");
}

TEST(ReloadSteps, OfBfd) {
    const std::string a = router("A", 1);
    const auto bfd = [&](const std::string& more) {
        return "bfd_instance B {\nneighbor_ip 10.0.0.9\n" + more + "}\n" + a;
    };
    EXPECT_EQ(steps(a, bfd("")), "bfd_instance B: added\n");
    EXPECT_EQ(steps(bfd(""), a), "bfd_instance B: removed\n");
    EXPECT_EQ(steps(bfd(""), bfd("multiplier 3\n")),
              "bfd_instance B: another session, which begins down\n");
    EXPECT_EQ(steps(bfd(""), bfd("weight 5\n")), "bfd_instance B: weight 0 -> 5\n");
    EXPECT_FALSE(need_restart(bfd(""), bfd("multiplier 3\n")));
}

TEST(ReloadSteps, OfStaticThings) {
    const std::string a = router("A", 1);
    EXPECT_EQ(steps(a, "static_ipaddress {\n10.0.9.1/24 dev eth0\n}\n" + a),
              "static_ipaddress: changed\n");
    EXPECT_EQ(steps(a, "static_routes {\n10.0.9.0/24 dev eth0\n}\n" + a),
              "static_routes: changed\n");
}

TEST(ReloadSteps, SayWhatNeedsARestart) {
    const std::string a = router("A", 1);
    EXPECT_FALSE(need_restart(a, router("A", 2)));
    EXPECT_TRUE(need_restart(a, "dataplane {\nworkers 2\n}\n" + a));
    EXPECT_EQ(steps(a, "dataplane {\nworkers 2\n}\n" + a),
              "dataplane has changed (workers 1 -> 2): needs a restart\n");
    std::string other = router("B", 2, "", "10.0.0.2/24\n");
    other.replace(other.find("eth0"), 4, "eth1");
    EXPECT_FALSE(need_restart(a, a + other));
    EXPECT_EQ(steps(a, a + other), "vrrp_instance B: added\n");
    const std::string card = "dataplane {\ninterface eth1 {\ndevice 0000:3b:00.0\n}\n}\n";
    EXPECT_TRUE(need_restart(card + a, card + a + other));
    EXPECT_EQ(steps(card + a, card + a + other),
              "interface eth1: its device is not open yet: needs a restart\n"
              "vrrp_instance B: added\n");
    EXPECT_FALSE(need_restart(card + a + other, card + other));
}

TEST(ReloadSteps, SayWhatIsAnotherWithinAThing) {
    const std::string a = router("A", 1);
    EXPECT_EQ(steps_of_texts(a, router("A", 1, "garp_master_refresh 5\n")),
              "vrrp_instance A: garp_master_refresh 5 added (f:7)\n");
    EXPECT_EQ(steps_of_texts(a, router("A", 1, "priority 90\n")),
              "vrrp_instance A: priority 100 -> 90\n")
        << "once, and as it counts";
    const std::string check = "TCP_CHECK {\nconnect_timeout ";
    EXPECT_EQ(steps_of_texts(a + service(server(1, "weight 2\n" + check + "1\n}\n")),
                             a + service(server(1, "weight 3\n" + check + "2\nretry 1\n}\n"))),
              "virtual_server 10.0.0.1 5672: real_server 10.0.1.1 5672: weight 2 -> 3\n"
              "virtual_server 10.0.0.1 5672: real_server 10.0.1.1 5672: TCP_CHECK: "
              "connect_timeout 1 -> 2 (f:14)\n"
              "virtual_server 10.0.0.1 5672: real_server 10.0.1.1 5672: TCP_CHECK: retry 1 added "
              "(f:15)\n");
    EXPECT_EQ(steps_of_texts("global_defs {\nrouter_id a\n}\n" + a,
                             "global_defs {\nrouter_id b\n}\n" + a),
              "global_defs: router_id a -> b (f:2)\n");
}

TEST(ReloadSteps, TellOfSecretsWithoutThem) {
    const auto amqp = [](const std::string& password) {
        return router("A", 1) +
               service(server(
                   1, "AMQP_CHECK {\nlevel session\nusername u\npassword " + password + "\n}\n"));
    };
    EXPECT_EQ(steps_of_texts(amqp("one"), amqp("two")),
              "virtual_server 10.0.0.1 5672: real_server 10.0.1.1 5672: other checks\n");
}

}  // namespace reload_steps_test
}  // namespace warren::config
