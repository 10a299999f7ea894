// SPDX-License-Identifier: BSD-3-Clause
#include "live/top.h"

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <ostream>
#include <thread>
#include <utility>

#include "asking/telemetry.h"
#include "live/rates.h"
#include "live/terminal.h"
#include "live/top_screen.h"
#include "rows/fields.h"
#include "text/screen.h"
#include "text/times.h"

namespace warren::ctl {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t most_flows = 1'000;
constexpr std::size_t most_events = 500;
constexpr std::int64_t day_of_events_ms = 86'400'000;

double seconds(Clock::time_point when) {
    return std::chrono::duration<double>(when.time_since_epoch()).count();
}

// Looks at a warren again and again, and says so when that is not possible.
class Watch {
  public:
    Watch(std::string instance, const char* servers)
        : instance_(std::move(instance)), servers_(servers) {
        telemetry_ = std::make_unique<Telemetry>(instance_);
    }

    const TopData& data() const { return data_; }

    void look(Tab tab) {
        data_.time = clock_time(wall_ms());
        try {
            if (telemetry_ == nullptr) telemetry_ = std::make_unique<Telemetry>(instance_);
            ask(tab);
            data_.trouble.clear();
        } catch (const std::exception& error) {
            telemetry_.reset();
            last_event_.reset();
            data_.trouble = error.what();
        }
    }

  private:
    void ask(Tab tab) {
        const std::vector<Json> status = telemetry_->rows("status");
        data_.status = status.empty() ? Json::object() : status.front();
        data_.routers = telemetry_->rows("vrrp");
        data_.services = telemetry_->rows("services");
        data_.servers = telemetry_->rows(servers_);
        rates_.take(data_.servers, seconds(Clock::now()));
        if (tab == Tab::flows) data_.flows = telemetry_->rows("flows", {}, most_flows);
        if (tab == Tab::events) ask_for_events();
    }

    // Those of a day at first, then those that have come since.
    void ask_for_events() {
        if (!last_event_) data_.events.clear();
        std::vector<Json> more = telemetry_->rows(
            "events", last_event_ ? std::to_string(*last_event_ + 1)
                                  : "@" + std::to_string(wall_ms() - day_of_events_ms));
        if (!last_event_) last_event_ = 0;
        for (Json& event : more) {
            last_event_ = event.value("number", *last_event_);
            data_.events.push_back(std::move(event));
        }
        if (data_.events.size() > most_events)
            data_.events.erase(data_.events.begin(), data_.events.end() - most_events);
    }

    std::string instance_;
    const char* servers_;  // the view
    std::unique_ptr<Telemetry> telemetry_;
    Rates rates_;
    TopData data_;
    std::optional<std::uint64_t> last_event_;
};

void run_on_terminal(Watch& watch, Clock::duration delay, bool with_colour) {
    Terminal terminal(with_colour);
    TopView view;
    for (Clock::time_point next = Clock::now() + delay;;) {
        terminal.show(top_screen(watch.data(), view, terminal_size()));
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(next - Clock::now());
        const Terminal::Input input =
            terminal.wait(left.count() > 0 ? static_cast<int>(left.count()) : 0);
        const Tab before = view.tab;
        take_keys(view, input.keys);
        if (input.has_ended || view.is_over) return;
        if (Clock::now() < next && view.tab == before) continue;
        watch.look(view.tab);
        next = Clock::now() + delay;
    }
}

Json as_object(const TopOptions& options, const TopData& data) {
    return {{"schema", json_schema},  {"instance", options.instance}, {"time", utc_time(wall_ms())},
            {"status", data.status},  {"vrrp", data.routers},         {"services", data.services},
            {"servers", data.servers}};
}

// The first look has no rates: it is not shown.
void print_frames(Watch& watch, const TopOptions& options, Clock::duration delay,
                  std::ostream& out) {
    bool is_first = true;
    do {
        std::this_thread::sleep_for(delay);
        watch.look(Tab::servers);
        if (options.format != Format::text) {
            out << as_object(options, watch.data()).dump() << '\n';
        } else {
            out << (std::exchange(is_first, false) ? "" : "\n");
            for (const ScreenLine& line : top_screen(watch.data(), {}, {}))
                out << line.text << '\n';
        }
        out.flush();
    } while (options.goes_on && out);
}

}  // namespace

void top(const TopOptions& options, std::ostream& out) {
    const auto delay =
        std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options.delay_s));
    Watch watch(options.instance, options.format == Format::text ? "servers_short" : "servers");
    watch.look(Tab::servers);
    if (is_full_terminal() && options.format == Format::text)
        run_on_terminal(watch, delay, screen_of(out).has_colours);
    else
        print_frames(watch, options, delay, out);
}

}  // namespace warren::ctl
