// SPDX-License-Identifier: BSD-3-Clause
#include "telemetry/capture_desk.h"

#include <rte_eal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <chrono>
#include <exception>
#include <utility>

namespace warren::telemetry {
namespace {

constexpr int waiting_readers = 8;
constexpr std::chrono::milliseconds pause_after_failure{100};  // EMFILE and the like

}  // namespace

std::string capture_socket_path() {
    return std::string(rte_eal_get_runtime_dir()) + "/warren_capture";
}

CaptureDesk::CaptureDesk(boost::asio::io_context& io, journal::EventLog& events, std::string path,
                         CaptureMeans means)
    : events_(events), path_(std::move(path)), means_(std::move(means)), acceptor_(io), pause_(io) {
    try {
        open();
        accept();
    } catch (const std::exception& error) {
        events_.warn(journal::EventKind::process, "nobody can capture at {}: {}", path_,
                     error.what());
    }
}

CaptureDesk::~CaptureDesk() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    ::unlink(path_.c_str());
}

// An instance runs once, so what has that name already is a killed one's.
void CaptureDesk::open() {
    ::unlink(path_.c_str());
    const boost::asio::local::stream_protocol::endpoint place(path_);
    acceptor_.open(CaptureStream::Protocol(AF_UNIX, 0));
    acceptor_.bind(CaptureStream::Protocol::endpoint(place));
    ::chmod(path_.c_str(), S_IRUSR | S_IWUSR);
    acceptor_.listen(waiting_readers);
}

void CaptureDesk::accept() {
    acceptor_.async_accept([this](boost::system::error_code error, CaptureStream::Socket socket) {
        if (error == boost::asio::error::operation_aborted) return;
        if (!error) {
            accept();
            return welcome(std::move(socket));
        }
        pause_.expires_after(pause_after_failure);
        pause_.async_wait([this](boost::system::error_code cancelled) {
            if (!cancelled) accept();
        });
    });
}

void CaptureDesk::welcome(CaptureStream::Socket socket) {
    const auto stream = std::make_shared<CaptureStream>(std::move(socket), events_, means_);
    const std::shared_ptr<CaptureStream> other = current_.lock();
    if (other != nullptr && other->is_busy())
        return stream->begin("somebody captures already: see warrenctl events process");
    current_ = stream;
    stream->begin();
}

}  // namespace warren::telemetry
