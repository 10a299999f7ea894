// SPDX-License-Identifier: BSD-3-Clause
// A socket that readers connect to, TCP or Unix. Accepts while there is room; who comes meanwhile
// waits in the kernel's queue.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>

#include "config/http.h"
#include "http/connection.h"

namespace warren::http {

class Listener : public std::enable_shared_from_this<Listener> {
  public:
    // Throws boost::system::system_error: the address is not this machine's, or taken.
    Listener(boost::asio::io_context& io, const config::HttpAddress& address,
             const std::string& instance, std::shared_ptr<Room> room);
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    const config::HttpAddress& address() const { return address_; }
    // Where it is: with the instance's name in a path.
    std::string place() const { return path_.empty() ? address_.to_string() : "unix:" + path_; }
    // If there is room, and it does not accept already.
    void accept();
    void close();

  private:
    using Protocol = boost::asio::generic::stream_protocol;
    using Acceptor = boost::asio::basic_socket_acceptor<Protocol>;

    void take_one();

    config::HttpAddress address_;
    std::string path_;  // of a Unix socket
    std::shared_ptr<Room> room_;
    Acceptor acceptor_;
    boost::asio::steady_timer pause_;
    bool is_accepting_ = false;
};

}  // namespace warren::http
