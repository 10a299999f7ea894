// SPDX-License-Identifier: BSD-3-Clause
#include "tracking/track_bfd.h"

#include <signal.h>
#include <sys/resource.h>

#include <boost/asio/post.hpp>
#include <utility>

namespace warren::tracking {
namespace {

constexpr int prompt = -10;  // packets of 10 ms intervals leave in time beside busy threads

// Signals are the manager's.
std::thread start_thread(boost::asio::io_context& io) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread thread([&io] {
        setpriority(PRIO_PROCESS, 0, prompt);  // Linux: 0 is the calling thread
        io.run();
    });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return thread;
}

std::string text_of(const BfdChange& change) {
    std::string text(bfd::name(change.state));
    if (change.diagnostic != bfd::Diagnostic::none)
        text.append(": ").append(bfd::name(change.diagnostic));
    if (change.remote_state == bfd::State::admin_down) text += " (AdminDown)";
    return text;
}

}  // namespace

TrackBfd::TrackBfd(boost::asio::io_context& io, const config::Config& config,
                   journal::EventLog& events, Changed changed)
    : instances_(config.bfd_instances),
      events_(events),
      changed_(std::move(changed)),
      states_(instances_.size(), vrrp::TrackedState::of(false, "Down")),
      self_(std::make_shared<TrackBfd*>(this)) {
    if (instances_.empty()) return;
    const auto post = [&io, self = std::weak_ptr(self_)](auto work) {
        boost::asio::post(io, [self, work = std::move(work)] {
            if (const auto alive = self.lock()) work(**alive);
        });
    };
    sessions_ = std::make_unique<BfdSessions>(
        own_io_, instances_,
        BfdSessions::Told{.changed =
                              [post](const BfdChange& change) {
                                  post([change](TrackBfd& track) { track.take(change); });
                              },
                          .trouble =
                              [post](std::string text) {
                                  post([text = std::move(text)](TrackBfd& track) {
                                      track.events_.add(journal::EventKind::track,
                                                        journal::EventLevel::error, text);
                                  });
                              }});
    boost::asio::post(own_io_, [this] { sessions_->start(); });
    thread_ = start_thread(own_io_);
}

TrackBfd::~TrackBfd() {
    if (!thread_.joinable()) return;
    boost::asio::post(own_io_, [this] {
        sessions_->stop();
        own_io_.stop();
    });
    thread_.join();
}

vrrp::TrackedState TrackBfd::state(const std::string& name) const {
    for (std::size_t i = 0; i < instances_.size(); ++i)
        if (instances_[i].name == name) return states_[i];
    return {vrrp::TrackedState::Standing::ignored, 0, "no such bfd_instance"};
}

void TrackBfd::take(const BfdChange& change) {
    vrrp::TrackedState& state = states_[change.index];
    const bool was_up = state.number != 0;
    state = vrrp::TrackedState::of(change.path_up, text_of(change));
    const bool failed = was_up && !change.path_up;
    if (change.state == bfd::State::up || was_up)
        events_.add(journal::EventKind::track,
                    failed ? journal::EventLevel::warning : journal::EventLevel::info,
                    "bfd " + instances_[change.index].name + ": " + state.text);
    changed_();
}

}  // namespace warren::tracking
