// SPDX-License-Identifier: BSD-3-Clause
// One TCP connection to a server, with TLS on top if asked for, shared by the layer 5 checks. It
// lives as long as somebody holds it or one of its operations is pending; callbacks come from the
// io_context only, and none after close(). It has no timeouts: its user closes it.
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

// For clients. `ca_file` empty: no certificate authority is loaded. Throws
// boost::system::system_error for a file that cannot be read.
std::shared_ptr<boost::asio::ssl::context> make_tls_context(const std::string& ca_file = {});

// Of an errno; TLS errors are `other`.
Reason reason_of(const boost::system::error_code& error);

class Connection : public std::enable_shared_from_this<Connection> {
  public:
    using Error = boost::system::error_code;
    using Done = std::function<void(const Error&)>;
    using Received = std::function<void(const Error&, std::string_view bytes)>;
    static constexpr std::size_t read_bytes = 16 * 1024;  // at once

    static std::shared_ptr<Connection> make(boost::asio::io_context& io,
                                            std::optional<TlsOptions> tls = {});

    // Connects, with TLS handshake if any. Before that go the bytes that `preamble` makes of the
    // local endpoint, by default the PROXY header that the target wants: few enough for an empty
    // socket buffer.
    using Preamble = std::function<std::string(const boost::asio::ip::tcp::endpoint& own)>;
    void open(const Target& to, Done done, Preamble preamble = {});
    void send(std::string bytes, Done done);
    // Some bytes; the end is boost::asio::error::eof.
    void read(Received received);
    void close();

    // What an operator is told: why a certificate is not trusted, too.
    std::string words_of(const Error& error);
    // From SYN to SYN-ACK; 0: not connected yet.
    std::int64_t latency_ns() const { return latency_ns_; }
    // Bytes have arrived that were not read yet.
    bool has_unread() const;
    // The peer's kernel has not acknowledged all that was sent.
    bool is_unacknowledged();

  private:
    Connection(boost::asio::io_context& io, std::optional<TlsOptions> tls);

    void send_preamble(const Preamble& preamble);
    void tls_handshake(Done done);
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
