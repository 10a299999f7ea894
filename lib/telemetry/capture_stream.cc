// SPDX-License-Identifier: BSD-3-Clause
#include "telemetry/capture_stream.h"

#include <algorithm>
#include <utility>

#include "journal/counted.h"

namespace warren::telemetry {
namespace {

using std::chrono::steady_clock;
using std::chrono::system_clock;

// CLOCK_MONOTONIC, as the workers' times.
std::uint64_t monotonic_ns() {
    return static_cast<std::uint64_t>(
        std::chrono::nanoseconds(steady_clock::now().time_since_epoch()).count());
}

std::uint64_t wall_offset_ns() {
    const std::chrono::nanoseconds wall = system_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(wall.count()) - monotonic_ns();
}

}  // namespace

CaptureStream::CaptureStream(Socket socket, journal::EventLog& events, CaptureMeans means)
    : socket_(std::move(socket)),
      timer_(socket_.get_executor()),
      events_(events),
      means_(std::move(means)) {}

// Whoever has asked already hears a refusal; before that it may be lost.
void CaptureStream::begin(const std::string& problem) {
    close_later();
    socket_.async_receive(
        boost::asio::buffer(request_), flags_,
        [self = shared_from_this(), problem](boost::system::error_code error, std::size_t bytes) {
            if (error || bytes == 0) return self->close();
            if (!problem.empty()) return self->refuse(problem);
            self->on_request({self->request_.data(), bytes});
        });
}

void CaptureStream::refuse(const std::string& problem, char kind) {
    queue(kind, problem);
    is_last_ = true;
    close_later();
    send();
}

void CaptureStream::on_request(std::string_view text) {
    const capture::Request request = capture::read_request(text, means_.port_names());
    if (!request.problem.empty())
        return refuse(request.problem, request.is_nonsense ? usage : refusal);
    start(request, text);
}

void CaptureStream::start(const capture::Request& request, std::string_view text) {
    auto tap = std::make_shared<exchange::CaptureTap>(means_.workers, request.filter, request.snap);
    recording_.emplace(request, means_.port_names(), wall_offset_ns());
    reader_.emplace(*tap);
    tap_ = std::move(tap);
    means_.show(tap_);
    events_.info(journal::EventKind::process, "capture begins: {}", text);
    deadline_ = steady_clock::now() + std::chrono::seconds(request.seconds);
    wait_for_the_end();
    tick();
}

void CaptureStream::wait_for_the_end() {
    socket_.async_receive(boost::asio::buffer(request_), flags_,
                          [self = shared_from_this()](boost::system::error_code, std::size_t) {
                              self->end("its reader has ended it");
                          });
}

void CaptureStream::tick() {
    if (tap_ == nullptr) return;
    const bool is_empty = take_shown();
    const bool is_late = steady_clock::now() >= deadline_;
    if (why_ == nullptr) {
        if (recording_->is_full() || is_late)
            end(is_late ? "its time is over" : "as much as was asked for");
    } else if (is_empty || recording_->is_full() || is_late || !socket_.is_open()) {
        return finish();  // workers have had a pause to learn of the end
    }
    timer_.expires_after(pause);
    timer_.async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
        if (!cancelled) self->tick();
    });
}

// False: there is more, or nobody reads what was taken. A reader that is gone takes nothing more.
bool CaptureStream::take_shown() {
    const auto has_room = [this] {
        return waiting_bytes_ + recording_->output_bytes() < most_waiting;
    };
    const exchange::CaptureSlot* slot = nullptr;
    for (unsigned i = 0; i < most_per_pause && has_room() && !recording_->is_full(); ++i) {
        slot = reader_->next();
        if (slot == nullptr) break;
        recording_->take(*slot);
    }
    const bool is_empty = slot == nullptr && has_room();
    queue(data, recording_->take_output());
    send();
    return is_empty;
}

// Once. The workers hear of it with the next snapshot; the rest is taken at the next ticks.
void CaptureStream::end(const char* why) {
    if (tap_ == nullptr || why_ != nullptr) return;
    why_ = why;
    means_.show(nullptr);
    deadline_ = steady_clock::now() + patience;
}

void CaptureStream::finish() {
    const std::uint64_t lost = tap_->lost();
    recording_->finish(monotonic_ns(), lost);
    queue(data, recording_->take_output());
    const std::string count = journal::counted(recording_->packets(), "packet") + ", " +
                              std::to_string(lost) + (lost == 1 ? " copy" : " copies") + " lost";
    queue(report, count + ": " + why_);
    events_.info(journal::EventKind::process, "capture ended, {}: {}", why_, count);
    reader_.reset();
    tap_.reset();
    is_last_ = true;
    if (!socket_.is_open()) return;
    close_later();
    send();
}

void CaptureStream::queue(char kind, std::string_view bytes) {
    while (!bytes.empty()) {
        const std::string_view piece = bytes.substr(0, message_bytes);
        waiting_.push_back(kind + std::string(piece));
        waiting_bytes_ += piece.size();
        bytes.remove_prefix(piece.size());
    }
}

void CaptureStream::send() {
    if (is_sending_ || !socket_.is_open()) return;
    if (waiting_.empty()) {
        if (is_last_) close();
        return;
    }
    is_sending_ = true;
    socket_.async_send(boost::asio::buffer(waiting_.front()), 0,
                       [self = shared_from_this()](boost::system::error_code error, std::size_t) {
                           self->is_sending_ = false;
                           self->waiting_bytes_ -= self->waiting_.front().size() - 1;
                           self->waiting_.pop_front();
                           if (!error) return self->send();
                           self->end("its reader has gone");
                           self->close();
                       });
}

// Who does not ask, or does not read the end, is not waited for.
void CaptureStream::close_later() {
    timer_.expires_after(patience);
    timer_.async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
        if (!cancelled) self->close();
    });
}

void CaptureStream::close() {
    if (tap_ == nullptr) timer_.cancel();
    boost::system::error_code ignored;
    socket_.close(ignored);
}

}  // namespace warren::telemetry
