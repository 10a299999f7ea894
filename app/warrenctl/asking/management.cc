// SPDX-License-Identifier: BSD-3-Clause
#include "asking/management.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core/detail/base64.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <regex>
#include <stdexcept>

namespace warren::ctl {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

constexpr std::uint64_t most_body_bytes = 64ULL << 20;
constexpr int patience_s = 10;

std::string base64(const std::string& text) {
    namespace codec = boost::beast::detail::base64;
    std::string out(codec::encoded_size(text.size()), '\0');
    out.resize(codec::encode(out.data(), text.data(), text.size()));
    return out;
}

tcp::socket connected(asio::io_context& io, const std::string& host, const std::string& port) {
    tcp::socket socket(io);
    asio::connect(socket, tcp::resolver(io).resolve(host, port));
    const timeval patience{patience_s, 0};
    for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO})
        setsockopt(socket.native_handle(), SOL_SOCKET, option, &patience, sizeof(patience));
    return socket;
}

template <typename Stream>
http::response<http::string_body> answer_of(Stream& stream,
                                            const http::request<http::empty_body>& request) {
    http::write(stream, request);
    boost::beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    parser.body_limit(most_body_bytes);
    http::read(stream, buffer, parser);
    return parser.release();
}

}  // namespace

Management::Management(const ManagementLogin& login) : login_(login) {
    const std::regex form(R"((https?)://(\[[^\]]+\]|[^/:]+)(?::(\d+))?(/.*)?)");
    std::smatch parts;
    if (!std::regex_match(login.url, parts, form))
        throw std::runtime_error("the url is like http://192.0.2.1:15672, not " + login.url);
    is_tls_ = parts[1] == "https";
    host_ = parts[2];
    if (host_.front() == '[') host_ = host_.substr(1, host_.size() - 2);
    port_ = parts[3].matched ? parts[3].str() : is_tls_ ? "15671" : "15672";
    prefix_ = parts[4];
    while (prefix_.ends_with('/'))
        prefix_.pop_back();
}

std::string Management::get(const std::string& path) const try {
    http::request<http::empty_body> request(http::verb::get, prefix_ + path, 11);
    request.set(http::field::host, host_ + ":" + port_);
    request.set(http::field::connection, "close");
    request.set(http::field::authorization,
                "Basic " + base64(login_.username + ":" + login_.password));
    asio::io_context io;
    tcp::socket socket = connected(io, host_, port_);
    http::response<http::string_body> reply;
    if (is_tls_) {
        asio::ssl::context context(asio::ssl::context::tls_client);
        context.set_verify_mode(asio::ssl::verify_peer);
        if (login_.ca_file.empty())
            context.set_default_verify_paths();
        else
            context.load_verify_file(login_.ca_file);
        asio::ssl::stream<tcp::socket&> stream(socket, context);
        stream.set_verify_callback(asio::ssl::host_name_verification(host_));
        stream.handshake(asio::ssl::stream_base::client);
        reply = answer_of(stream, request);
    } else {
        reply = answer_of(socket, request);
    }
    if (reply.result() != http::status::ok)
        throw std::runtime_error(login_.url + path + " answers " +
                                 std::to_string(reply.result_int()));
    return std::move(reply.body());
} catch (const boost::system::system_error& error) {
    throw std::runtime_error(login_.url + path + ": " + error.code().message());
}

}  // namespace warren::ctl
