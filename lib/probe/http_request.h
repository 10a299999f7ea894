// SPDX-License-Identifier: BSD-3-Clause
// What an HTTP check asks (RFC 9112), in keepalived's words.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "net/address.h"

namespace warren::probe {

// http_protocol: 1.0 says nothing of the connection, 1.0C and 1.1 (1.1C) ask the server to close
// it.
enum class HttpProtocol : std::uint8_t { v1_0, v1_0_close, v1_1 };

struct HttpRequest {
    std::string method = "GET";
    std::string target = "/";  // path and query
    std::string host = {};     // the Host field, with a port where it wants one
    HttpProtocol protocol = HttpProtocol::v1_0;
    std::string credentials = {};  // USER:PASSWORD for basic authentication (RFC 7617); empty: none
    std::string reason = {};       // X-Reason: what RabbitMQ tells whom it disconnects; empty: none
};

std::string to_text(const HttpRequest& request);

// The Host of a server without a name: "192.0.2.1:80", "[2001:db8::1]:80".
std::string host_of(const net::IpAddress& address, std::uint16_t port);

// RFC 4648 4, with padding.
std::string base64(std::string_view bytes);

}  // namespace warren::probe
