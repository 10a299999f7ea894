// SPDX-License-Identifier: BSD-3-Clause
#include "election/traffic_watch.h"

#include <algorithm>

namespace warren::election {
namespace {

std::uint64_t frames_of(std::size_t router, TrafficWatch::Workers workers) {
    std::uint64_t frames = 0;
    for (const auto& worker : workers)
        frames += worker->router_frames[router].value();
    return frames;
}

}  // namespace

TrafficWatch::TrafficWatch(std::size_t routers) : items_(routers) {
    waiting_.reserve(routers);
}

void TrafficWatch::begin(std::size_t router, std::uint64_t now_ns, Workers workers) {
    end(router);
    items_[router] = {.begun_ns = now_ns,
                      .frames = frames_of(router, workers),
                      .next_ns = now_ns + first_wait_ns};
    waiting_.push_back(static_cast<std::uint16_t>(router));
}

void TrafficWatch::end(std::size_t router) {
    const auto found = std::find(waiting_.begin(), waiting_.end(), router);
    if (found != waiting_.end()) forget(static_cast<std::size_t>(found - waiting_.begin()));
}

void TrafficWatch::forget(std::size_t position) {
    waiting_[position] = waiting_.back();
    waiting_.pop_back();
}

TrafficWatch::Finding TrafficWatch::judge(std::size_t router, std::uint64_t now_ns,
                                          Workers workers) {
    Item& item = items_[router];
    if (frames_of(router, workers) != item.frames) {
        item.silent_ns = std::max<std::uint64_t>(now_ns - item.begun_ns, 1);
        return Finding::traffic;
    }
    if (now_ns < item.next_ns || item.repetitions == most_repetitions) return Finding::nothing;
    ++item.repetitions;
    item.next_ns = now_ns + (first_wait_ns << item.repetitions);
    return Finding::silence;
}

}  // namespace warren::election
