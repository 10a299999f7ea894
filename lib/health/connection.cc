// SPDX-License-Identifier: BSD-3-Clause
#include "health/connection.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <utility>

namespace warren::health {

namespace asio = boost::asio;

std::shared_ptr<asio::ssl::context> make_tls_context(const std::string& ca_file) {
    auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
    context->set_verify_mode(ca_file.empty() ? asio::ssl::verify_none : asio::ssl::verify_peer);
    if (!ca_file.empty()) context->load_verify_file(ca_file);
    return context;
}

Reason reason_of(const boost::system::error_code& error) {
    if (!error) return Reason::none;
    const bool is_errno = error.category() == boost::system::system_category() ||
                          error.category() == boost::system::generic_category();
    return is_errno ? reason_of(error.value()) : Reason::other;
}

Connection::Preamble proxy_preamble(net::ProxyVersion version, const Target& to) {
    return [version,
            to = net::ProxiedEnd{to.address, to.port}](const asio::ip::tcp::endpoint& own) {
        const net::ProxiedEnd from{*net::IpAddress::parse(own.address().to_string()), own.port()};
        const net::ProxyHeader header = net::proxy_header(version, from, to);
        return std::string(header.bytes().begin(), header.bytes().end());
    };
}

Connection::Connection(asio::io_context& io, std::optional<TlsOptions> tls)
    : socket_(io), tls_(std::move(tls)) {}

std::shared_ptr<Connection> Connection::make(asio::io_context& io, std::optional<TlsOptions> tls) {
    return std::shared_ptr<Connection>(new Connection(io, std::move(tls)));
}

// Asio's operations refer to the stream and the buffers until their handlers have run.
template <typename Handler>
auto Connection::held(Handler handler) {
    return [self = shared_from_this(), handler = std::move(handler)](const Error& error,
                                                                     auto... arguments) {
        if (!self->closed_) handler(error, arguments...);
    };
}

void Connection::open(const Target& to, Done done, Preamble preamble) {
    if (!preamble && to.proxy != net::ProxyVersion::none) preamble = proxy_preamble(to.proxy, to);
    asio::ip::tcp::endpoint endpoint;
    if (const Error error = open_socket(socket_, to, endpoint); error)
        return asio::post(socket_.get_executor(),
                          [refuse = held(std::move(done)), error] { refuse(error); });
    const auto begun = std::chrono::steady_clock::now();
    socket_.async_connect(
        endpoint, held([this, begun, done = std::move(done),
                        preamble = std::move(preamble)](const Error& error) {
            if (error) return done(error);
            const std::chrono::nanoseconds passed = std::chrono::steady_clock::now() - begun;
            latency_ns_ = handshake_latency_ns(socket_.native_handle(), passed.count());
            if (preamble) send_preamble(preamble);
            tls_ ? tls_handshake(done) : done(error);
        }));
}

void Connection::send_preamble(const Preamble& preamble) {
    Error ignored;
    const std::string bytes = preamble(socket_.local_endpoint(ignored));
    socket_.non_blocking(true, ignored);
    socket_.write_some(asio::buffer(bytes), ignored);
}

bool Connection::has_unread() const {
    Error ignored;
    return socket_.available(ignored) > 0;
}

bool Connection::is_unacknowledged() {
    return health::is_unacknowledged(socket_.native_handle());
}

bool Connection::prepare_tls() {
    stream_.emplace(socket_, *tls_->context);
    const std::string& name = tls_->server_name;
    if (tls_->verify) stream_->set_verify_callback(asio::ssl::host_name_verification(name));
    return name.empty() || SSL_set_tlsext_host_name(stream_->native_handle(), name.c_str()) == 1;
}

void Connection::tls_handshake(Done done) {
    if (!prepare_tls()) return done(asio::error::invalid_argument);
    stream_->async_handshake(asio::ssl::stream_base::client, held(std::move(done)));
}

std::string Connection::words_of(const Error& error) {
    if (!stream_ || error.category() != asio::error::get_ssl_category()) return error.message();
    const int reason = ERR_GET_REASON(static_cast<unsigned long>(error.value()));
    if (reason == SSL_R_WRONG_VERSION_NUMBER) return "does not speak TLS";
    if (reason == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED)
        return "wants a certificate of ours (cert_file)";
    if (reason != SSL_R_CERTIFICATE_VERIFY_FAILED) return error.message();
    const long found = SSL_get_verify_result(stream_->native_handle());
    // Asio's comparison of names leaves no word of its own.
    const bool is_name = found == X509_V_OK || found == X509_V_ERR_UNSPECIFIED;
    return error.message() + ": " +
           (is_name ? "it is not for " + tls_->server_name : X509_verify_cert_error_string(found));
}

void Connection::send(std::string bytes, Done done) {
    output_ = std::move(bytes);
    auto handler = held([done = std::move(done)](const Error& error, std::size_t) { done(error); });
    if (stream_)
        asio::async_write(*stream_, asio::buffer(output_), std::move(handler));
    else
        asio::async_write(socket_, asio::buffer(output_), std::move(handler));
}

void Connection::read(Received received) {
    auto handler = held([this, received = std::move(received)](Error error, std::size_t size) {
        const bool is_lax = tls_ && !tls_->strict_end;
        if (error == asio::ssl::error::stream_truncated && is_lax) error = asio::error::eof;
        received(error, {input_.data(), size});
    });
    if (stream_)
        stream_->async_read_some(asio::buffer(input_), std::move(handler));
    else
        socket_.async_read_some(asio::buffer(input_), std::move(handler));
}

void Connection::close() {
    closed_ = true;
    Error ignored;
    socket_.close(ignored);
}

}  // namespace warren::health
