// SPDX-License-Identifier: BSD-3-Clause
// Where one asks for a capture: a Unix socket beside DPDK's own, for whom may ask that, too. One
// captures at a time.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>

#include "journal/event_log.h"
#include "telemetry/capture_stream.h"

namespace warren::telemetry {

// Of this process's instance.
std::string capture_socket_path();

class CaptureDesk {
  public:
    // A path that cannot be had is an event, and nobody captures.
    CaptureDesk(boost::asio::io_context& io, journal::EventLog& events, std::string path,
                CaptureMeans means);
    ~CaptureDesk();
    CaptureDesk(const CaptureDesk&) = delete;
    CaptureDesk& operator=(const CaptureDesk&) = delete;

  private:
    void open();
    void accept();
    void welcome(CaptureStream::Socket socket);

    journal::EventLog& events_;
    const std::string path_;
    const CaptureMeans means_;
    boost::asio::basic_socket_acceptor<CaptureStream::Protocol> acceptor_;
    boost::asio::steady_timer pause_;
    std::weak_ptr<CaptureStream> current_;
};

}  // namespace warren::telemetry
