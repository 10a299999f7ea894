// SPDX-License-Identifier: BSD-3-Clause
// One TCP connection to a server, with TLS on top if asked for: what checks that talk have in
// common. It lives as long as somebody holds it or an operation of its is under way, calls from the
// io_context only, and nobody once it has been closed. It knows no time: who uses it closes it when
// it takes too long.
#pragma once

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "health/result.h"
#include "health/socket.h"

namespace warren::health {

struct TlsOptions {
    std::shared_ptr<boost::asio::ssl::context> context;
    std::string server_name = {};  // SNI, and with `verify` whose certificate it must be
    bool verify = false;
    // A connection that ends without close_notify was cut, else it has just ended.
    bool strict_end = false;
};

// For clients. `ca_file` empty: nobody is asked who the server is. Throws
// boost::system::system_error for a file that cannot be read.
std::shared_ptr<boost::asio::ssl::context> make_tls_context(const std::string& ca_file = {});

// An errno's; what TLS says is `other`.
Reason reason_of(const boost::system::error_code& error);

class Connection : public std::enable_shared_from_this<Connection> {
  public:
    using Error = boost::system::error_code;
    using Done = std::function<void(const Error&)>;
    using Heard = std::function<void(const Error&, std::string_view bytes)>;
    static constexpr std::size_t read_bytes = 16 * 1024;  // at once

    static std::shared_ptr<Connection> make(boost::asio::io_context& io,
                                            std::optional<TlsOptions> tls = {});

    // Connects, and shakes hands. Before TLS, if there is any, go the bytes that `preamble` makes
    // of the connection's own end, by default the header that the target wants: a few, which fit
    // into an empty socket.
    using Preamble = std::function<std::string(const boost::asio::ip::tcp::endpoint& own)>;
    void open(const Target& to, Done done, Preamble preamble = {});
    void send(std::string bytes, Done done);
    // Some bytes; the end is boost::asio::error::eof.
    void hear(Heard heard);
    void close();

    // From SYN to SYN-ACK; 0: not connected yet.
    std::int64_t latency_ns() const { return latency_ns_; }
    // Something has come that nobody has heard yet.
    bool has_unheard() const;
    // The peer's kernel has not acknowledged all that was sent.
    bool is_unacknowledged();

  private:
    Connection(boost::asio::io_context& io, std::optional<TlsOptions> tls);

    void send_preamble(const Preamble& preamble);
    void shake_hands(Done done);
    bool prepare_tls();
    template <typename Handler>
    auto held(Handler handler);

    boost::asio::ip::tcp::socket socket_;
    std::optional<TlsOptions> tls_;
    std::optional<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> stream_;
    std::string output_;
    std::array<char, read_bytes> input_;
    std::int64_t latency_ns_ = 0;
    bool closed_ = false;
};

// A PROXY header that names the connection's own ends.
Connection::Preamble proxy_preamble(net::ProxyVersion version, const Target& to);

}  // namespace warren::health
