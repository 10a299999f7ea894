// SPDX-License-Identifier: BSD-3-Clause
// The addresses that readers may use, as the configuration has them now. At most max_connections
// at a time over all of them.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <vector>

#include "config/http.h"
#include "http/listener.h"
#include "journal/attempts.h"

namespace warren::http {

class Server {
  public:
    Server(boost::asio::io_context& io, journal::EventLog& events, journal::Attempts& attempts,
           std::string instance, Handler handler);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Opens and closes; an address that cannot be opened is tried again at the next call.
    void follow(const std::vector<config::HttpAddress>& wanted);

  private:
    void open(const config::HttpAddress& address);

    boost::asio::io_context& io_;
    journal::EventLog& events_;
    journal::Attempts& attempts_;
    std::string instance_;
    std::shared_ptr<Room> room_ = std::make_shared<Room>();
    std::vector<std::shared_ptr<Listener>> listeners_;
};

}  // namespace warren::http
