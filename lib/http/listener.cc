// SPDX-License-Identifier: BSD-3-Clause
#include "http/listener.h"

#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <chrono>
#include <utility>

namespace warren::http {
namespace {

namespace asio = boost::asio;

constexpr int backlog = 256;
// A turn copies so much of an answer at most; left to itself the kernel takes megabytes at once.
constexpr int send_buffer = 256 * 1024;
constexpr std::chrono::milliseconds accept_pause{100};  // after EMFILE and the like

asio::ip::tcp::endpoint tcp_endpoint(const config::HttpAddress& http) {
    return {asio::ip::make_address(http.address.to_string()), http.port};
}

// One that a killed process has left behind; nobody answers it. Whoever has no time to is there.
void remove_leftover(asio::io_context& io, const std::string& path) {
    struct stat found {};
    if (::lstat(path.c_str(), &found) != 0 || !S_ISSOCK(found.st_mode)) return;
    asio::local::stream_protocol::socket probe(io);
    boost::system::error_code error;
    probe.open(asio::local::stream_protocol(), error);
    if (!error) probe.non_blocking(true, error);
    if (!error) probe.connect(path, error);
    if (error == asio::error::connection_refused) ::unlink(path.c_str());
}

// For the group's members too, if there is one.
void open_to_group(const std::string& path) {
    const group* ours = ::getgrnam("warren");
    if (ours != nullptr && ::chown(path.c_str(), static_cast<uid_t>(-1), ours->gr_gid) != 0) return;
    ::chmod(path.c_str(), S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP);
}

}  // namespace

Listener::Listener(asio::io_context& io, const config::HttpAddress& address,
                   const std::string& instance, std::shared_ptr<Room> room)
    : address_(address), room_(std::move(room)), acceptor_(io), pause_(io) {
    Protocol::endpoint endpoint;
    std::string path;
    if (address.is_unix()) {
        path = path_of(address, instance);
        endpoint = asio::local::stream_protocol::endpoint(path);
        remove_leftover(io, path);
    } else {
        endpoint = tcp_endpoint(address);
    }
    acceptor_.open(endpoint.protocol());
    if (path.empty()) acceptor_.set_option(asio::socket_base::reuse_address(true));
    if (path.empty()) acceptor_.set_option(asio::socket_base::send_buffer_size(send_buffer));
    acceptor_.bind(endpoint);
    path_ = std::move(path);  // ours from here on, and so to be removed
    if (!path_.empty()) open_to_group(path_);
    acceptor_.listen(backlog);
    acceptor_.non_blocking(true);
}

Listener::~Listener() {
    close();
}

void Listener::close() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
    if (!path_.empty()) ::unlink(std::exchange(path_, {}).c_str());
}

void Listener::accept() {
    if (is_accepting_ || room_->is_full() || !acceptor_.is_open()) return;
    is_accepting_ = true;
    acceptor_.async_wait(Acceptor::wait_read,
                         [self = shared_from_this()](boost::system::error_code) {
                             self->is_accepting_ = false;
                             self->take_one();
                         });
}

// The other addresses may have taken the room meanwhile: accept() is called when there is some.
void Listener::take_one() {
    if (!acceptor_.is_open() || room_->is_full()) return;
    boost::system::error_code error;
    Connection::Socket socket = acceptor_.accept(error);
    if (!error) std::make_shared<Connection>(std::move(socket), room_)->begin();
    if (!error || error == asio::error::would_block) return accept();
    pause_.expires_after(accept_pause);
    pause_.async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
        if (!cancelled) self->accept();
    });
}

}  // namespace warren::http
