// SPDX-License-Identifier: BSD-3-Clause
// Somebody who captures: what he asks for, what he gets, the end. His socket keeps messages apart;
// the first byte of each says what it is. He ends it by saying anything more, or by going away.
#pragma once

#include <array>
#include <boost/asio/generic/seq_packet_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "capture/recording.h"
#include "capture/tap_reader.h"
#include "exchange/capture.h"
#include "journal/event_log.h"

namespace warren::telemetry {

// What it needs of the manager.
struct CaptureMeans {
    std::size_t workers = 0;
    std::function<std::vector<std::string>()> port_names;  // by index
    // To all workers, at once; null: nobody captures any more.
    std::function<void(std::shared_ptr<exchange::CaptureTap>)> show;
};

class CaptureStream : public std::enable_shared_from_this<CaptureStream> {
  public:
    using Protocol = boost::asio::generic::seq_packet_protocol;
    using Socket = Protocol::socket;

    static constexpr char data = 'd', refusal = 'e', usage = 'u', report = 'r';
    static constexpr std::size_t most_waiting = 1 << 20;  // bytes for who reads slowly
    static constexpr std::size_t message_bytes = 32'768;
    static constexpr std::chrono::milliseconds pause{5};
    static constexpr unsigned most_per_pause = 2'048;   // so that nobody else waits for us
    static constexpr std::chrono::seconds patience{2};  // for the request, and for the last bytes

    CaptureStream(Socket socket, journal::EventLog& events, CaptureMeans means);

    // `problem`: why he gets nothing, whatever he asks for.
    void begin(const std::string& problem = {});
    // It asks, captures or gets its end.
    bool is_busy() const { return tap_ != nullptr || socket_.is_open(); }

  private:
    void on_request(std::string_view text);
    void refuse(const std::string& problem, char kind = refusal);
    void start(const capture::Request& request, std::string_view text);
    void wait_for_the_end();
    void tick();
    bool take_shown();
    void end(const char* why);
    void finish();
    void queue(char kind, std::string_view bytes);
    void send();
    void close_later();
    void close();

    Socket socket_;
    boost::asio::steady_timer timer_;
    journal::EventLog& events_;
    const CaptureMeans means_;
    std::array<char, 2'048> request_{};
    boost::asio::socket_base::message_flags flags_ = 0;
    std::shared_ptr<exchange::CaptureTap> tap_;  // while it runs
    std::optional<capture::TapReader> reader_;
    std::optional<capture::Recording> recording_;
    std::chrono::steady_clock::time_point deadline_;
    const char* why_ = nullptr;  // it ends
    std::deque<std::string> waiting_;
    std::size_t waiting_bytes_ = 0;
    bool is_sending_ = false;
    bool is_last_ = false;  // nothing comes behind what waits
};

}  // namespace warren::telemetry
