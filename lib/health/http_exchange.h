// SPDX-License-Identifier: BSD-3-Clause
// One HTTP request and its reply, over a connection of its own: the client of HTTP_GET and SSL_GET,
// and of management APIs (basic authentication: probe/http_request.h).
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "health/connection.h"
#include "health/result.h"
#include "probe/http_reply.h"

namespace warren::health {

struct HttpOutcome {
    Reason reason = Reason::none;
    std::string problem = {};  // for the log; empty when there is a reply
    probe::HttpReply reply = {};

    bool ok() const { return reason == Reason::none; }
};

// Begins at once and calls `done` once, from the io_context; never after its destruction. It has no
// timeout: its owner destroys it.
class HttpExchange {
  public:
    using Done = std::function<void(HttpOutcome)>;

    HttpExchange(boost::asio::io_context& io, const Target& server, std::optional<TlsOptions> tls,
                 std::string request, Done done);
    ~HttpExchange();
    HttpExchange(const HttpExchange&) = delete;
    HttpExchange& operator=(const HttpExchange&) = delete;
    // The server's kernel has acknowledged all that was sent.
    bool has_been_heard() const { return !connection_->is_unacknowledged(); }

  private:
    void read();
    void fail(const Connection::Error& error);
    void finish(Reason reason, std::string problem);

    std::shared_ptr<Connection> connection_;
    probe::HttpReplyReader reader_;
    Done done_;
};

}  // namespace warren::health
