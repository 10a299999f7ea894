// SPDX-License-Identifier: BSD-3-Clause
#include "tracking/bfd_sessions.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace warren::tracking {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t packets_a_turn = 1'024;  // then timers get their turn, whoever storms

std::uint64_t now_ns() {
    return static_cast<std::uint64_t>(
        std::chrono::nanoseconds(Clock::now().time_since_epoch()).count());
}

std::uint32_t microseconds(std::int64_t ns) {
    return static_cast<std::uint32_t>(ns / 1'000);
}

bfd::Settings settings_of(const config::BfdInstance& instance, std::uint32_t discriminator) {
    return {.discriminator = discriminator,
            .min_tx_us = microseconds(instance.min_tx_ns),
            .min_rx_us = microseconds(instance.min_rx_ns),
            .idle_tx_us = microseconds(instance.idle_tx_ns),
            .detect_mult = instance.multiplier,
            .passive = instance.passive,
            .least_ttl = instance.least_ttl()};
}

}  // namespace

struct BfdSessions::Held : std::enable_shared_from_this<BfdSessions::Held> {
    Held(boost::asio::io_context& io, const WantedSession& wanted, std::uint32_t discriminator)
        : id(wanted.id),
          config(wanted.instance),
          session(settings_of(config, discriminator)),
          sender(io, {config.source_ip, config.neighbor_ip, config.sent_ttl()}),
          timer(io) {}

    std::uint32_t id;
    config::BfdInstance config;
    bfd::Session session;
    BfdSender sender;
    boost::asio::steady_timer timer;
    int send_error = 0;  // of the last packet
    bool ended = false;
};

BfdSessions::BfdSessions(boost::asio::io_context& io, Callbacks callbacks)
    : callbacks_(std::move(callbacks)),
      random_(std::random_device{}()),
      io_(io),
      retry_timer_(io) {}

BfdSessions::~BfdSessions() = default;

// ---- who there is

void BfdSessions::follow(const std::vector<WantedSession>& wanted) {
    std::erase_if(sessions_, [&](const HeldPtr& held) {
        const bool ends =
            std::none_of(wanted.begin(), wanted.end(),
                         [&](const WantedSession& session) { return session.id == held->id; });
        if (ends) end(*held);
        return ends;
    });
    const std::size_t kept = sessions_.size();
    for (const WantedSession& session : wanted)
        if (std::none_of(sessions_.begin(), sessions_.end(),
                         [&](const HeldPtr& held) { return held->id == session.id; }))
            begin(session);
    choose_receivers();
    for (std::size_t i = kept; i < sessions_.size(); ++i)
        step(*sessions_[i], bfd::Startup{});
}

void BfdSessions::begin(const WantedSession& wanted) {
    const std::uint32_t discriminator = free_discriminator();
    sessions_.push_back(std::make_shared<Held>(io_, wanted, discriminator));
    by_discriminator_.emplace(discriminator, sessions_.back().get());
}

void BfdSessions::end(Held& held) {
    held.ended = true;
    step(held, bfd::Shutdown{});
    held.timer.cancel();
    std::erase_if(by_discriminator_, [&](const auto& entry) { return entry.second == &held; });
}

void BfdSessions::stop() {
    follow({});
}

std::uint32_t BfdSessions::free_discriminator() {
    std::uint32_t drawn = random();
    while (drawn == 0 || by_discriminator_.contains(drawn))
        drawn = random();
    return drawn;
}

// ---- hearing

// A receiver that nobody needs is closed, not destroyed: what has arrived there may still call.
void BfdSessions::choose_receivers() {
    for (const Family family : {Family::v4, Family::v6}) {
        const bool needed =
            std::any_of(sessions_.begin(), sessions_.end(), [&](const HeldPtr& held) {
                return held->config.neighbor_ip.is_v4() == (family == Family::v4);
            });
        const auto found =
            std::find_if(receivers_.begin(), receivers_.end(),
                         [&](const BfdReceiver& receiver) { return receiver.family() == family; });
        if (found == receivers_.end() && needed) receivers_.emplace_back(io_, family);
        if (found != receivers_.end()) found->need(needed);
    }
    listen();
}

// A socket that cannot be had is tried again: another BFD daemon may go.
void BfdSessions::listen() {
    retry_timer_.cancel();
    bool all_open = true;
    for (BfdReceiver& receiver : receivers_) {
        if (!receiver.is_needed() || receiver.is_open()) continue;
        const int error = receiver.open();
        if (error == 0) {
            await(receiver);
            continue;
        }
        all_open = false;
        complain_of_port(receiver.family(), error);
    }
    if (all_open) return;
    retry_timer_.expires_after(retry);
    retry_timer_.async_wait([this](const boost::system::error_code& cancelled) {
        if (!cancelled) listen();
    });
}

void BfdSessions::complain_of_port(Family family, int error) {
    if (std::exchange(complained_, true)) return;
    callbacks_.trouble(std::string("no BFD session comes up: port 3784 of ")
                           .append(family == Family::v4 ? "IPv4" : "IPv6")
                           .append(": ")
                           .append(std::strerror(error)));
}

void BfdSessions::await(BfdReceiver& receiver) {
    receiver.await([this, &receiver] {
        take_packets();
        await(receiver);
    });
}

void BfdSessions::take_packets() {
    for (BfdReceiver& receiver : receivers_)
        for (std::size_t i = 0; i < packets_a_turn; ++i) {
            const auto datagram = receiver.receive();
            if (!datagram) break;
            take(*datagram);
        }
}

void BfdSessions::take(const BfdReceiver::Datagram& datagram) {
    const bfd::Decoded decoded = bfd::decode(datagram.payload());
    const auto* packet = std::get_if<bfd::ControlPacket>(&decoded);
    if (packet == nullptr) return;
    if (Held* held = find(*packet, datagram))
        step(*held, bfd::PacketReceived{*packet, datagram.ttl});
}

// RFC 5880 6.3: by our discriminator; who does not know it yet, by the addresses.
BfdSessions::Held* BfdSessions::find(const bfd::ControlPacket& packet,
                                     const BfdReceiver::Datagram& datagram) {
    if (packet.your_discriminator == 0) return find_by_addresses(datagram);
    const auto found = by_discriminator_.find(packet.your_discriminator);
    return found == by_discriminator_.end() ? nullptr : found->second;
}

// One that has the destination as its source_ip, before one that takes any.
BfdSessions::Held* BfdSessions::find_by_addresses(const BfdReceiver::Datagram& datagram) {
    Held* any = nullptr;
    for (const HeldPtr& held : sessions_) {
        if (held->config.neighbor_ip != datagram.source) continue;
        if (held->config.source_ip == datagram.destination) return held.get();
        if (!held->config.source_ip) any = held.get();
    }
    return any;
}

// ---- acting

void BfdSessions::step(Held& held, const bfd::Event& event) {
    bool changed = false;
    for (const bfd::Action& action : held.session.step(event, now_ns(), random())) {
        if (const auto* out = std::get_if<bfd::Send>(&action))
            send(held, out->packet);
        else
            changed = true;
    }
    const bfd::Status& status = held.session.status();
    if (changed)
        callbacks_.changed(
            {held.id, status.path_up, status.state, status.diagnostic, status.remote_state});
    if (!held.ended) arm(held);
}

void BfdSessions::send(Held& held, const bfd::ControlPacket& packet) {
    const int error = held.sender.send(packet, random());
    if (error != 0 && error != held.send_error)
        callbacks_.trouble("bfd " + held.config.name + ": nothing can be sent to " +
                           held.config.neighbor_ip.to_string() + ": " + std::strerror(error));
    held.send_error = error;
}

void BfdSessions::arm(Held& held) {
    const std::uint64_t deadline_ns = held.session.deadline_ns();
    if (deadline_ns == bfd::no_deadline) {
        held.timer.cancel();
        return;
    }
    held.timer.expires_at(Clock::time_point(std::chrono::nanoseconds(deadline_ns)));
    const auto fired = [this,
                        self = held.weak_from_this()](const boost::system::error_code& cancelled) {
        const HeldPtr alive = self.lock();
        if (cancelled || !alive || alive->ended) return;
        // A neighbour is not dead while its packets wait.
        take_packets();
        step(*alive, bfd::Tick{});
    };
    held.timer.async_wait(fired);
}

}  // namespace warren::tracking
