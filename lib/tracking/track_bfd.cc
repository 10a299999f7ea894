// SPDX-License-Identifier: BSD-3-Clause
#include "tracking/track_bfd.h"

#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <utility>

namespace warren::tracking {
namespace {

constexpr int prompt = -10;  // packets of 10 ms intervals leave in time beside busy threads

// Signals are the manager's.
std::thread run_in_thread(boost::asio::io_context& io) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread thread([&io] {
        const auto stays = boost::asio::make_work_guard(io);
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
    : io_(io),
      events_(events),
      changed_(std::move(changed)),
      self_(std::make_shared<TrackBfd*>(this)) {
    follow(config);
}

TrackBfd::~TrackBfd() {
    if (!thread_.joinable()) return;
    boost::asio::post(own_io_, [this] {
        sessions_->stop();
        own_io_.stop();
    });
    thread_.join();
}

void TrackBfd::follow(const config::Config& config) {
    std::vector<Known> wanted;
    std::vector<WantedSession> sessions;
    for (const config::BfdInstance& instance : config.bfd_instances) {
        wanted.push_back(known_or_new(instance));
        sessions.push_back(wanted.back().session);
    }
    known_ = std::move(wanted);
    if (!thread_.joinable() && known_.empty()) return;
    if (!thread_.joinable()) start_thread();
    boost::asio::post(own_io_,
                      [this, sessions = std::move(sessions)] { sessions_->follow(sessions); });
}

TrackBfd::Known TrackBfd::known_or_new(const config::BfdInstance& instance) {
    for (const Known& known : known_)
        if (known.session.instance.has_session_of(instance))
            return {.session = {.id = known.session.id, .instance = instance},
                    .state = known.state};
    return {.session = {.id = ++last_id_, .instance = instance},
            .state = vrrp::TrackedState::of(false, "Down")};
}

void TrackBfd::start_thread() {
    const auto post = [this, self = std::weak_ptr(self_)](auto work) {
        boost::asio::post(io_, [self, work = std::move(work)] {
            if (const auto alive = self.lock()) work(**alive);
        });
    };
    const auto changed = [post](const BfdChange& change) {
        post([change](TrackBfd& track) { track.take(change); });
    };
    const auto trouble = [post](std::string text) {
        post([text = std::move(text)](TrackBfd& track) { track.complain(text); });
    };
    sessions_ = std::make_unique<BfdSessions>(
        own_io_, BfdSessions::Callbacks{.changed = changed, .trouble = trouble});
    thread_ = run_in_thread(own_io_);
}

vrrp::TrackedState TrackBfd::state(const std::string& name) const {
    for (const Known& known : known_)
        if (known.session.instance.name == name) return known.state;
    return {vrrp::TrackedState::Standing::ignored, 0, "no such bfd_instance"};
}

void TrackBfd::complain(const std::string& text) {
    events_.add(journal::EventKind::track, journal::EventLevel::error, text);
}

void TrackBfd::take(const BfdChange& change) {
    const auto known = std::find_if(known_.begin(), known_.end(),
                                    [&](const Known& one) { return one.session.id == change.id; });
    if (known == known_.end()) return;  // its last word
    const bool was_up = known->state.number != 0;
    known->state = vrrp::TrackedState::of(change.path_up, text_of(change));
    const bool failed = was_up && !change.path_up;
    if (change.state == bfd::State::up || was_up)
        events_.add(journal::EventKind::track,
                    failed ? journal::EventLevel::warning : journal::EventLevel::info,
                    "bfd " + known->session.instance.name + ": " + known->state.text,
                    {.tracked = known->session.instance.name});
    changed_();
}

}  // namespace warren::tracking
