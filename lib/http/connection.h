// SPDX-License-Identifier: BSD-3-Clause
// One reader: requests in, answers out, until it has had enough or takes too long. All of it on the
// manager's loop.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "http/message.h"

namespace warren::http {

inline constexpr std::size_t max_connections = 16;
inline constexpr std::size_t max_head_bytes = 8 * 1024;
inline constexpr std::chrono::seconds request_time{2};
inline constexpr std::chrono::seconds idle_time{5};     // for another request
inline constexpr std::chrono::seconds answer_time{10};  // for whoever reads slowly

// Answers at once or later, and once.
using Reply = std::function<void(const Answer&)>;
using Handler = std::function<void(const Question&, const Reply&)>;

// What all connections of a server share.
struct Room {
    Handler handler;
    std::size_t open = 0;
    std::function<void()> freed;  // there is a place again

    bool is_full() const { return open >= max_connections; }
    // Whoever waits for a place gets it before one that has been answered asks again.
    bool is_crowded() const { return open > max_connections / 2; }
};

class Connection : public std::enable_shared_from_this<Connection> {
  public:
    using Socket = boost::asio::generic::stream_protocol::socket;

    Connection(Socket socket, std::shared_ptr<Room> room);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void begin() { read(request_time); }

  private:
    using Parser = boost::beast::http::request_parser<boost::beast::http::empty_body>;

    void read(std::chrono::seconds patience);
    void on_read(boost::system::error_code error);
    void answer();
    void send(const Answer& answer, bool is_head, bool is_kept);
    template <typename Body>
    void send(boost::beast::http::response<Body> response, const Answer& answer, bool goes_on);
    void refuse(unsigned status, const char* text);
    void close();

    boost::beast::basic_stream<boost::asio::generic::stream_protocol> stream_;
    boost::beast::flat_buffer buffer_{max_head_bytes};
    std::optional<Parser> parser_;
    std::shared_ptr<Room> room_;
};

}  // namespace warren::http
