// SPDX-License-Identifier: BSD-3-Clause
// What instances track: definitions, weights and where they come from, sync groups, owners.
#include <gtest/gtest.h>

#include "load_text.h"

namespace warren::schema {
namespace tracking_test {

using namespace config;
using namespace syntax;

const std::string definitions =
    "vrrp_script s {\nscript /bin/true\nweight 5 reverse\n}\n"
    "vrrp_script t {\nscript /bin/true\n}\n"
    "track_file f {\nfile /run/f\n}\n"
    "track_file g {\nfile /run/g\nweight -3\n}\n"
    "vrrp_track_process p {\nprocess haproxy\nweight 7\n}\n"
    "bfd_instance b {\nneighbor_ip 10.0.0.9\nweight -20\n}\n";

std::string instance(const std::string& more, const std::string& name = "A", int vrid = 1) {
    return "vrrp_instance " + name + " {\ninterface eth0\nvirtual_router_id " +
           std::to_string(vrid) + "\nvirtual_ipaddress {\n10.0.0." + std::to_string(vrid) +
           "\n}\n" + more + "}\n";
}

// "script s 5 reverse, interface eth1 0"
std::string tracked(const VrrpInstance& v) {
    std::string all;
    for (const Tracked& t : v.tracked)
        all.append(all.empty() ? "" : ", ")
            .append(to_text(t.kind))
            .append(" " + t.name + " " + std::to_string(t.weight.value_or(-999)))
            .append(t.reverse.value_or(false) ? " reverse" : "");
    return all;
}

std::string tracked(const std::string& text) {
    return tracked(load_text(text).config.vrrp_instances.at(0));
}

TEST(Tracked, TheDefinitionsWeightUnlessItHasItsOwn) {
    EXPECT_EQ(tracked(definitions + instance("track_script {\ns\nt\n}\n")),
              "script s 5 reverse, script t 0");
    EXPECT_EQ(tracked(definitions + instance("track_script {\ns weight 9\nt weight -2\n}\n")),
              "script s 9 reverse, script t -2");
    EXPECT_EQ(tracked(definitions + instance("track_script {\ns weight 9 noreverse\n}\n")),
              "script s 9");
    EXPECT_EQ(tracked(definitions + instance("track_file {\nf\ng\n}\ntrack_process {\np\n}\n")),
              "file f 1, file g -3, process p 7");
    EXPECT_EQ(tracked(definitions + instance("track_bfd {\nb\n}\n")), "bfd b -20");
    EXPECT_EQ(tracked(definitions + instance("track_bfd {\nb weight 30 reverse\n}\n")),
              "bfd b 30 reverse");
    EXPECT_EQ(tracked(instance("track_interface {\neth1\neth2 weight -20 reverse\n}\n")),
              "interface eth1 0, interface eth2 -20 reverse");
}

TEST(Tracked, WhereTheDefinitionStandsDoesNotMatter) {
    EXPECT_EQ(tracked(instance("track_script {\ns\n}\n") + definitions), "script s 5 reverse");
}

const std::string much =
    "track_interface {\neth1 weight 10\n}\ntrack_script {\ns\nt\n}\n"
    "track_file {\nf\ng\n}\ntrack_process {\np\n}\n";
const std::string second = instance("", "B", 2);

TEST(Tracked, WeightsDoNotCountInASyncGroupUnlessAskedFor) {
    const std::string group = "vrrp_sync_group G {\ngroup {\nA\nB\n}\n";
    EXPECT_EQ(tracked(definitions + instance(much) + second + group + "}\n"),
              "interface eth1 0, script t 0, file f 0");
    EXPECT_EQ(
        tracked(definitions + instance(much) + second + group + "sync_group_tracking_weight\n}\n"),
        "interface eth1 10, script s 5 reverse, script t 0, file f 1, file g -3, process p 7");
}

TEST(Tracked, MembersTrackWhatTheirGroupTracks) {
    const std::string group =
        "vrrp_sync_group G {\ngroup {\nA\nB\n}\ntrack_script {\ns\n}\n"
        "track_interface {\neth1 weight -20\n}\n}\n";
    const LoadResult result =
        load_text(definitions + instance("track_script {\nt\ns weight 0\n}\n") + second + group);
    EXPECT_EQ(tracked(result.config.vrrp_instances.at(0)),
              "script t 0, script s 0 reverse, interface eth1 -20")
        << "its own comes first";
    EXPECT_EQ(tracked(result.config.vrrp_instances.at(1)),
              "script s 5 reverse, interface eth1 -20");
}

TEST(Tracked, AnOwnersPriorityNeverChanges) {
    EXPECT_EQ(tracked(definitions + instance("priority 255\n" + much)), "script t 0, file f 0");
}

TEST(Tracked, ValuesOfDefinitions) {
    const Config config =
        load_text(
            "vrrp_script s {\nscript \"/bin/x -a b\"\ninterval 0.5\ntimeout 2\nrise 3\nfall 4\n"
            "user u g\ninit_fail\nweight -253\n}\n"
            "track_file f {\nfile \"/run/a b\"\nweight -254 reverse\ninit_file -3 overwrite\n}\n"
            "vrrp_track_file o {\nfile /run/o\ninit_file\n}\n"
            "vrrp_track_process p {\nprocess haproxy\nquorum 2\nquorum_max 3\ndelay 0.5\n"
            "fork_delay 1\n}\n"
            "vrrp_track_process q {\nprocess \"/bin/a b\" -x \"c d\"\nparam_match initial\n}\n"
            "vrrp_track_process r {\nprocess nginx\nparam_match\nquorum_max 0\n}\n")
            .config;
    const VrrpScript& s = config.vrrp_scripts.at(0);
    EXPECT_EQ(s.script.command, "/bin/x -a b");
    EXPECT_EQ(s.interval_ns, ns_per_s / 2);
    EXPECT_EQ(s.timeout_ns, 2 * ns_per_s);
    EXPECT_EQ(s.rise, 3U);
    EXPECT_EQ(s.fall, 4U);
    EXPECT_TRUE(s.init_fail);
    EXPECT_EQ(s.weight, -253);
    const TrackFile& f = config.track_files.at(0);
    EXPECT_EQ(f.file, "/run/a b");
    EXPECT_EQ(f.weight, -254);
    EXPECT_TRUE(f.reverse);
    EXPECT_EQ(f.init, TrackFile::Init::overwrite);
    EXPECT_EQ(f.init_value, -3);
    EXPECT_EQ(config.track_files.at(1).init, TrackFile::Init::create);
    const TrackProcess& p = config.track_processes.at(0);
    EXPECT_EQ(p.quorum, 2U);
    EXPECT_EQ(p.quorum_max, 3U);
    EXPECT_EQ(p.fork_delay_ns, ns_per_s);
    EXPECT_EQ(p.terminate_delay_ns, ns_per_s / 2);
    EXPECT_FALSE(p.full_command);
    const TrackProcess& q = config.track_processes.at(1);
    EXPECT_EQ(q.process, "/bin/a b");
    EXPECT_EQ(q.params, (std::vector<std::string>{"-x", "c d"}));
    EXPECT_EQ(q.param_match, TrackProcess::Match::initial);
    EXPECT_TRUE(q.full_command);
    EXPECT_EQ(config.track_processes.at(2).param_match, TrackProcess::Match::exact);
    EXPECT_FALSE(config.track_processes.at(2).quorum);
}

const std::string service =
    "virtual_server 10.0.0.1 5672 { lb_algo wlc\nlb_kind FNAT\nreal_server 10.0.0.9 5672 "
    "{\nTCP_CHECK "
    "{\n}\n}\n}\n";

TEST(Tracked, QuorumOfAVirtualServer) {
    EXPECT_EQ(tracked(instance("track_quorum {\n10.0.0.1 5672 weight -50\n}\n") + service),
              "quorum 10.0.0.1 5672 -50");
    EXPECT_EQ(tracked(instance("track_quorum {\n10.0.0.1 5672 weight 50 reverse\n}\n") + service),
              "quorum 10.0.0.1 5672 50 reverse");
}

struct Case {
    std::string text;
    const char* expected;
};

TEST(Tracked, Messages) {
    const Case cases[] = {
        {"vrrp_script s {\ninterval 1\n}\n",
         "f:1: warning: the vrrp_script 's' has no script: it is left out, as in keepalived\n"},
        {"track_file f {\nweight 1\n}\n",
         "f:1: warning: the track_file 'f' has no file: it is left out, as in keepalived\n"},
        {"vrrp_track_process p {\nquorum 1\n}\n",
         "f:1: warning: the vrrp_track_process 'p' has no process: it is left out, as in "
         "keepalived\n"},
        {"vrrp_track_process p {\nprocess x\nquorum 3\nquorum_max 2\n}\n",
         "f:1: warning: the quorum of the vrrp_track_process 'p' is larger than its quorum_max, "
         "which is left out, as in keepalived\n"
         "f:1: warning: nothing tracks the vrrp_track_process 'p': it moves no address\n"},
        {"track_file f {\nfile /x\nweight 300\n}\n",
         "f:1: warning: nothing tracks the track_file 'f': it moves no address\n"
         "f:3: warning: 'weight' must be from -254 to 254, not '300': 254 is taken, as in "
         "keepalived\n"},
        {"track_file f {\nfile /x\n}\ntrack_file f {\nfile /y\n}\n",
         "f:1: warning: nothing tracks the track_file 'f': it moves no address\n"
         "f:4: warning: the track_file 'f' is given twice: the first one counts, as in "
         "keepalived\n"},
        {instance("track_interface {\neth1 weight 1 sideways\n}\n"),
         "f:8: warning: after 'eth1' comes 'weight N [reverse]', not 'sideways', which is left "
         "out, as in keepalived\n"},
        {instance("track_interface {\neth1\neth1 weight 3\n}\n"),
         "f:9: warning: the interface 'eth1' is tracked already: this line is ignored\n"},
        {instance("track_process {\nx\n}\n"),
         "f:8: warning: there is no vrrp_track_process 'x': it is not tracked, as in keepalived\n"},
        {instance("track_quorum {\n10.0.0.1 weight -3\n}\n") + service,
         "f:8: error: an entry of track_quorum looks like 192.0.2.1 5672 weight -50\n"},
        {instance("track_quorum {\n10.0.0.1 5672\n}\n") + service,
         "f:8: error: track_quorum needs a weight: a fault would take the address from both sides "
         "when the servers fail\n"},
        {instance("track_quorum {\nx 5672 weight -50\n}\n"),
         "f:8: error: an entry of track_quorum looks like 192.0.2.1 5672 weight -50\n"},
        {instance("track_quorum {\n10.0.0.7 5672 weight -50\n}\n"),
         "f:8: error: there is no virtual_server '10.0.0.7 5672'\n"},
        {instance("state MASTER\npriority 255\ntrack_interface {\neth1 weight 3\n}\n"),
         "f:10: warning: A: the interface 'eth1' has a weight and is not tracked: it does not "
         "count: "
         "an owner's priority is always 255\n"},
    };
    for (const Case& c : cases) {
        std::string told;
        for (const Diagnostic& d : load_text(c.text).diagnostics)
            if (d.severity != Severity::note) told += d.to_string() + "\n";
        EXPECT_EQ(told, c.expected) << c.text;
    }
}

}  // namespace tracking_test
}  // namespace warren::schema
