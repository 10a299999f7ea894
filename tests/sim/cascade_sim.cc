// SPDX-License-Identifier: BSD-3-Clause
// Seeded simulation of a storm: thousands of clients log in at once to nodes that are sound and too
// slow for so many, so that their heartbeats come late. Who loses his connection logs in again
// somewhere else, and is more work there.
//   cascade_sim [SEEDS [FIRST]]    or WARREN_SIM_SEED=N for one seed with its trace as CSV
// Invariants: no node falls for being busy; one that hangs in the midst of it is down within three
// heartbeats, although the others are silent to their checks too; when the storm is over all
// answer. Checks, traffic and state are the manager's own (lib/model, amqp::Pulse).
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "amqp/pulse.h"
#include "model/server_state.h"
#include "model/start.h"
#include "random.h"
#include "schema/load.h"
#include "seeds.h"

namespace warren::sim {
namespace {

constexpr std::uint64_t ms = 1'000'000, second = 1'000 * ms;
constexpr std::uint64_t step_ns = 10 * ms;
constexpr std::uint64_t storm_ns = 10 * second, end_ns = 90 * second;
constexpr std::uint64_t down_within_ns = 3 * second + step_ns;
constexpr unsigned clients = 2'000;

std::unique_ptr<model::State> state_of(std::size_t nodes) {
    std::string text =
        "vrrp_instance A {\n interface eth0\n virtual_router_id 51\n virtual_ipaddress {\n"
        "192.168.8.100/24\n }\n}\nvirtual_server 192.168.8.100 5672 {\n lb_kind FNAT\n";
    for (std::size_t i = 0; i < nodes; ++i)
        text += " real_server 192.168.8.1" + std::to_string(i) +
                " 5672 {\n AMQP_CHECK {\n username u\n password p\n }\n }\n";
    text += "}\n";
    auto loaded =
        schema::load("warren.conf", [&](const std::string&) { return std::optional(text); });
    model::PortState port;
    port.name = "eth0";
    port.link_up = true;
    std::vector<model::PortState> ports;
    ports.push_back(std::move(port));
    return model::make_state(std::move(loaded.config), std::move(ports), second);
}

struct Node {
    double logins_per_s = 0;
    double queue = 0;      // logins that wait
    unsigned clients = 0;  // who are its own, logged in or not
    bool hangs = false;
    std::uint64_t frames = 0, bytes = 0;  // to clients
    amqp::Pulse pulse{1};
    std::uint64_t speaks_ns = 0;  // the next heartbeat
};

class Storm {
  public:
    Storm(std::uint64_t seed, bool tracing)
        : random_(seed), nodes_(2 + random_.below(4)), state_(state_of(nodes_.size())) {
        tracing_ = tracing;
        // All on one overloaded machine, or each on one of its own.
        for (Node& node : nodes_)
            node.logins_per_s = static_cast<double>(clients) / static_cast<double>(nodes_.size()) /
                                (1 + static_cast<double>(random_.below(15)));
        if (random_.percent(50)) hang_ns_ = storm_ns + random_.below(20 * second);
    }

    Outcome run() {
        note("ms,node,state,queue,clients");
        for (; now_ns_ < end_ns && outcome_.failure.empty(); now_ns_ += step_ns) {
            if (now_ns_ == storm_ns) log_in(clients);
            if (hang_ns_ <= now_ns_ && !hung_) hang(random_.below(nodes_.size()));
            for (std::size_t i = 0; i < nodes_.size(); ++i)
                work(i);
            for (std::size_t i = 0; i < nodes_.size(); ++i)
                check(i);
            if (hung_ && now_ns_ > hang_ns_ + down_within_ns && !is_down(*hung_))
                fail(*hung_, "hangs and is not down within three heartbeats");
        }
        for (std::size_t i = 0; i < nodes_.size() && outcome_.failure.empty(); ++i)
            if (hung_ != i && (is_down(i) || model::is_busy(state_->servers[i])))
                fail(i, "does not recover");
        return outcome_;
    }

  private:
    bool is_down(std::size_t i) const { return !state_->servers[i].health.is_up(); }

    void log_in(unsigned count) {
        for (unsigned n = 0; n < count; ++n) {
            Node* least = nullptr;
            for (std::size_t i = 0; i < nodes_.size(); ++i)
                if (!is_down(i) && (least == nullptr || nodes_[i].clients < least->clients))
                    least = &nodes_[i];
            if (least == nullptr) return;
            ++least->clients;
            ++least->queue;
        }
    }

    void hang(std::size_t i) {
        hung_ = i;
        hang_ns_ = now_ns_;
        nodes_[i].hangs = true;
    }

    // A kernel acknowledges, whatever its process does.
    void work(std::size_t i) {
        Node& node = nodes_[i];
        node.frames += 2;
        node.bytes += 2 * 54;
        const double done =
            std::min(node.queue, node.logins_per_s * static_cast<double>(step_ns) / second);
        if (!node.hangs) {
            node.queue -= done;
            const bool sends = node.queue > 0 || random_.below(20) == 0;  // the others' confirms
            node.frames += sends ? 2 : 0;
            node.bytes += sends ? 54 + 75 : 0;
        }
        state_->servers[i].talking.sample(node.frames, node.bytes, 54, now_ns_ / ms);
    }

    // What AMQP_CHECK would find. A heartbeat waits for its turn behind the logins.
    void check(std::size_t i) {
        Node& node = nodes_[i];
        const auto now = static_cast<std::int64_t>(now_ns_);
        if (node.speaks_ns == 0) node.pulse.hear(now);
        if (!node.hangs && now_ns_ >= node.speaks_ns) {
            const double wait_s = node.queue / node.logins_per_s;
            node.speaks_ns = now_ns_ + second / 2 + static_cast<std::uint64_t>(wait_s * second);
            node.pulse.hear(now);
            apply(i, {});
        }
        if (now < node.pulse.miss_due_ns()) return;
        node.pulse.miss(true);
        apply(i, {.reason = health::Reason::timeout, .text = "no heartbeat"});
    }

    void apply(std::size_t i, const health::CheckResult& result) {
        const auto index = static_cast<std::uint16_t>(i);
        if (!model::apply_check(*state_, index, 0, result, now_ns_)) return;
        note(std::to_string(now_ns_ / ms) + "," + std::to_string(i) + "," +
             (is_down(i) ? "down" : "up") + "," + std::to_string(nodes_[i].queue) + "," +
             std::to_string(nodes_[i].clients));
        if (!is_down(i)) return;
        if (!nodes_[i].hangs) return fail(i, "falls for being busy");
        nodes_[i].queue = 0;
        const unsigned lost = nodes_[i].clients;
        nodes_[i].clients = 0;
        log_in(lost);
    }

    void note(const std::string& line) {
        if (tracing_ && outcome_.failure.empty()) outcome_.trace.push_back(line);
    }
    void fail(std::size_t node, const std::string& what) {
        outcome_.failure = "node " + std::to_string(node) + " of " + std::to_string(nodes_.size()) +
                           " at " + std::to_string(now_ns_ / ms) + " ms: " + what;
    }

    Random random_;
    std::vector<Node> nodes_;
    std::unique_ptr<model::State> state_;
    std::uint64_t now_ns_ = second;
    std::uint64_t hang_ns_ = end_ns;
    std::optional<std::size_t> hung_;
    bool tracing_ = false;
    Outcome outcome_;
};

}  // namespace
}  // namespace warren::sim

int main(int argc, char** argv) {
    return warren::sim::run_seeds(argc, argv, [](std::uint64_t seed, bool tracing) {
        return warren::sim::Storm(seed, tracing).run();
    });
}
