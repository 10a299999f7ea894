// SPDX-License-Identifier: BSD-3-Clause
#include "amqp/client.h"

#include <algorithm>
#include <utility>

namespace warren::amqp {
namespace {

constexpr std::int64_t goodbye_ns = 1'000'000'000;
constexpr std::uint16_t reply_success = 200;

std::string in_words(const Close& close) {
    return "closed the " + std::string(close.is_channel ? "channel" : "connection") + " with " +
           std::to_string(close.code) + " " + close.text;
}

// A vhost, a user or a node has as many connections as it may: those who have one are served. The
// code is 530, as for a vhost that is not there; the text tells: "… connection limit (3) is
// reached".
bool is_at_limit(const Close& close) {
    return close.code == code_not_allowed &&
           close.text.find("connection limit (") != std::string::npos;
}

Finding::Kind meaning_of(const Close& close) {
    if (is_at_limit(close)) return Finding::Kind::serving;
    switch (close.code) {
        case code_connection_forced:
            return Finding::Kind::draining;
        case code_access_refused:
        case code_not_allowed:
            return Finding::Kind::denied;
        default:
            return Finding::Kind::broken;
    }
}

// A broker without a limit says 0.
std::uint32_t at_most(std::uint32_t limit, std::uint32_t wanted) {
    return limit == 0 ? wanted : std::min(limit, wanted);
}

// Why it is not the broker we look for; empty if it is.
std::string stranger(const Start& start, const std::string& cluster_name) {
    if (start.product != "RabbitMQ") return "is no RabbitMQ but '" + start.product + "'";
    if (cluster_name.empty() || start.cluster_name == cluster_name) return {};
    return "is of the cluster '" + start.cluster_name + "', not '" + cluster_name + "'";
}

// RabbitMQ's "low on memory" as the management API's words: one alarm has one name in all views.
std::string alarm_text(const std::string& reason) {
    constexpr std::string_view low = "low on ";
    return reason.starts_with(low) ? reason.substr(low.size()) + " alarm" : reason;
}

}  // namespace

Actions Client::step(const Event& event, std::int64_t now_ns) {
    now_ns_ = now_ns;
    if (phase_ != Phase::ended) std::visit([this](const auto& e) { on(e); }, event);
    return std::exchange(out_, {});
}

// ---- events

void Client::on(const Connected&) {
    phase_ = Phase::start;
    phase_deadline_ns_ = now_ns_ + settings_.handshake_ns;
    send({protocol_header.begin(), protocol_header.end()});
}

void Client::on(const Received& event) {
    stream_.insert(stream_.end(), event.bytes.begin(), event.bytes.end());
    take_frames();
}

void Client::on(const Tick& event) {
    if (phase_ == Phase::open) {
        notice_silence(event.is_acknowledged);
        if (phase_ == Phase::open) speak();
        return;
    }
    if (now_ns_ < phase_deadline_ns_) return;
    if (phase_ == Phase::leaving) return disconnect();
    end(Kind::silent, greeting_ ? "no answer to the login" : "no AMQP greeting");
}

// Before the vhost is open AMQP has no good-bye that a broker would not log as an error.
void Client::on(const Leave&) {
    if (phase_ < Phase::channel || phase_ > Phase::open) return disconnect();
    send(close_connection(reply_success, "the check ends"));
    phase_ = Phase::leaving;
    phase_deadline_ns_ = now_ns_ + goodbye_ns;
}

void Client::on(const Nudge&) {
    if (phase_ == Phase::open && !blocked_) send(heartbeat());
}

// ---- frames

void Client::take_frames() {
    std::size_t used = 0;
    while (phase_ != Phase::ended) {
        const NextFrame next = next_frame(net::ConstBytes(stream_).subspan(used), frame_max);
        if (std::holds_alternative<Incomplete>(next)) break;
        if (const auto* fault = std::get_if<FrameFault>(&next)) {
            const bool is_no_broker = phase_ == Phase::start && *fault <= FrameFault::other_version;
            return end(is_no_broker ? Kind::foreign : Kind::broken, to_string(*fault));
        }
        const Frame& frame = std::get<Frame>(next);
        used += frame.bytes();
        take(frame);
    }
    if (phase_ != Phase::ended)
        stream_.erase(stream_.begin(), stream_.begin() + static_cast<std::ptrdiff_t>(used));
}

void Client::take(const Frame& frame) {
    pulse_.hear(now_ns_);
    if (frame.type == FrameType::method)
        std::visit([this](const auto& method) { take(method); }, decode_method(frame.payload));
    if (phase_ == Phase::open) notice_life();
}

void Client::take(const Start& start) {
    if (phase_ != Phase::start) return end(Kind::broken, "greets twice");
    greeting_ = start;
    if (std::string why = stranger(start, settings_.cluster_name); !why.empty())
        return end(Kind::foreign, std::move(why));
    if (settings_.level == Level::greeting) {
        find(Kind::serving);
        return disconnect();
    }
    phase_ = Phase::tune;
    send(start_ok(settings_.login));
}

void Client::take(const Tune& tune) {
    if (phase_ != Phase::tune) return end(Kind::broken, "tunes out of turn");
    Tune answer;
    answer.channel_max = probe_channel;
    answer.frame_max = at_most(tune.frame_max, frame_max);
    answer.heartbeat_s = settings_.heartbeat_s;
    send(tune_ok(answer));
    send(open(settings_.vhost));
    phase_ = Phase::open_ok;
}

void Client::take(const Ok& ok) {
    switch (ok.to) {
        case Ok::To::open:
            if (phase_ != Phase::open_ok) return end(Kind::broken, "opens out of turn");
            phase_ = Phase::channel;
            return send(open_channel());
        case Ok::To::channel_open:
            if (phase_ != Phase::channel) return;
            if (settings_.level != Level::publish) return become_open();
            phase_ = Phase::select;
            return send(select_confirms());
        case Ok::To::confirm_select:
            return phase_ == Phase::select ? become_open() : void();
        case Ok::To::close:
            if (phase_ == Phase::leaving) return disconnect();
            end(Kind::broken, "confirms a close that nobody asked for");
    }
}

void Client::become_open() {
    phase_ = Phase::open;
    publish_probe();
    find(Kind::serving);
}

// A channel is lost where our user may not publish: the session goes on without.
void Client::take(const Close& close) {
    if (!close.is_channel) {
        send(confirm_close());
        return phase_ == Phase::leaving ? disconnect() : end(meaning_of(close), in_words(close));
    }
    send(confirm_channel_close());
    next_publish_ns_ = no_deadline;
    unconfirmed_since_ns_ = 0;
    blind_ = "alarms are not seen: the broker " + in_words(close);
    if (phase_ == Phase::channel || phase_ == Phase::select) phase_ = Phase::open;
    find(Kind::serving, blind_);
}

void Client::take(const Blocked& blocked) {
    blocked_ = true;
    alarm_ = alarm_text(blocked.reason);
    unconfirmed_since_ns_ = 0;  // it waits for the alarm's end, not for the node
    find(Kind::blocked, alarm_);
}

void Client::take(const Unblocked&) {
    blocked_ = false;
    pulse_.hasten();  // so long it has not heard our heartbeats
    find(Kind::serving, blind_);
}

void Client::take(const Confirm&) {
    if (unconfirmed_since_ns_ == 0) return;
    const std::int64_t took_ns = now_ns_ - std::exchange(unconfirmed_since_ns_, 0);
    find(Kind::serving, blind_);
    std::get<Finding>(out_.back()).confirm_ns = took_ns;
}

void Client::take(const MalformedMethod&) {
    end(Kind::broken, "sent a malformed method");
}

// ---- time

std::int64_t Client::deadline_ns() const {
    if (phase_ == Phase::ended) return no_deadline;
    if (phase_ != Phase::open) return phase_deadline_ns_;
    const std::int64_t miss_due_ns = pulse_.miss_due_ns();
    if (blocked_) return miss_due_ns;
    const std::int64_t speak_due_ns = std::min(pulse_.speak_due_ns(), next_publish_ns_);
    return std::min(miss_due_ns, speak_due_ns);
}

// Any frame shows that the node is alive; that is told at most a few times in a heartbeat.
void Client::notice_life() {
    if (now_ns_ - told_ns_ < pulse_.pace_ns()) return;
    find(blocked_ ? Kind::blocked : Kind::serving, blocked_ ? alarm_ : blind_);
    // A confirm that is overdue tells as much as one that came late.
    if (unconfirmed_since_ns_ != 0 && now_ns_ - unconfirmed_since_ns_ >= pulse_.pace_ns())
        std::get<Finding>(out_.back()).confirm_ns = now_ns_ - unconfirmed_since_ns_;
}

void Client::notice_silence(bool is_there) {
    if (now_ns_ < pulse_.miss_due_ns()) return;
    const std::string text = "no heartbeat";
    pulse_.miss(is_there) ? end(Kind::silent, text) : find(Kind::silent, text);
}

// While an alarm holds the broker reads nothing and waits for no heartbeat: ours would pile up.
void Client::speak() {
    if (blocked_) return;
    if (now_ns_ >= next_publish_ns_) publish_probe();
    if (now_ns_ >= pulse_.speak_due_ns()) send(heartbeat());
}

void Client::publish_probe() {
    next_publish_ns_ = now_ns_ + settings_.publish_interval_ns;
    if (unconfirmed_since_ns_ != 0) return;
    if (settings_.level == Level::publish) unconfirmed_since_ns_ = now_ns_;
    send(publish(unroutable_key));
}

// ---- actions

void Client::send(Frames frames) {
    pulse_.speak(now_ns_);
    out_.emplace_back(Send{std::move(frames)});
}

void Client::find(Kind kind, std::string text) {
    told_ns_ = now_ns_;
    out_.emplace_back(Finding{kind, std::move(text)});
}

void Client::end(Kind kind, std::string text) {
    find(kind, std::move(text));
    disconnect();
}

void Client::disconnect() {
    phase_ = Phase::ended;
    stream_.clear();
    out_.emplace_back(Disconnect{});
}

}  // namespace warren::amqp
