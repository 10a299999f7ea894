// SPDX-License-Identifier: BSD-3-Clause
// A broker that says anything: records of a length, how much time goes by first (in 16 ms) and that
// many bytes of the stream. The client never keeps more than a frame, ends once, says nothing
// afterwards, and what it sends is whole frames.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "amqp/client.h"

namespace {

using namespace warren;

void require(bool holds) {
    if (!holds) std::abort();
}

void check_sent(const amqp::Frames& frames) {
    if (frames.size() == amqp::protocol_header.size() && frames[0] == 'A') return;
    for (std::size_t at = 0; at < frames.size();) {
        const net::ConstBytes rest = net::ConstBytes(frames).subspan(at);
        const amqp::NextFrame next = amqp::next_frame(rest, frames.size());
        require(std::holds_alternative<amqp::Frame>(next));
        at += std::get<amqp::Frame>(next).bytes();
    }
}

class Conversation {
  public:
    explicit Conversation(const amqp::Settings& settings) : client_(settings) {}

    void step(const amqp::Event& event) {
        for (const amqp::Action& action : client_.step(event, now_ns_)) {
            require(!ended_);
            if (const auto* send = std::get_if<amqp::Send>(&action)) check_sent(send->frames);
            ended_ = std::holds_alternative<amqp::Disconnect>(action);
        }
        require(ended_ == (client_.deadline_ns() == amqp::no_deadline));
    }
    void pass(std::int64_t time_ns) {
        now_ns_ += time_ns;
        for (int ticks = 0; now_ns_ >= client_.deadline_ns(); ++ticks) {
            require(ticks < 3);  // two misses and what is to be said in between
            step(amqp::Tick{});
        }
    }

  private:
    amqp::Client client_;
    std::int64_t now_ns_ = 1'000'000'000;
    bool ended_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    amqp::Settings settings;
    settings.level = static_cast<amqp::Level>(data[0] % 3);
    if ((data[0] & 0x80) != 0) settings.cluster_name = "rabbit@prod";
    Conversation conversation(settings);
    conversation.step(amqp::Connected{});
    for (std::size_t at = 1; at + 2 <= size;) {
        const std::size_t length = std::min<std::size_t>(data[at], size - at - 2);
        conversation.pass(std::int64_t{data[at + 1]} * 16'000'000);
        // A buffer of exactly this size, so that the sanitizer sees one byte too far.
        const std::vector<std::uint8_t> bytes(data + at + 2, data + at + 2 + length);
        conversation.step(amqp::Received{bytes});
        at += 2 + length;
    }
    conversation.step(amqp::Leave{});
    return 0;
}
