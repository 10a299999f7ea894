// SPDX-License-Identifier: BSD-3-Clause
// Where metrics and the status page are served: dataplane { http ADDRESS:PORT | unix:/PATH }.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/address.h"
#include "syntax/diagnostic.h"

namespace warren::config {

inline constexpr std::size_t max_http_addresses = 4;
// Of a path, before %i has become the instance's name: sockaddr_un has room for 107 bytes.
inline constexpr std::size_t max_http_path = 90;

struct HttpAddress {
    syntax::Location where;
    net::IpAddress address{};
    std::uint16_t port = 0;
    std::string path{};  // of a Unix socket, absolute; empty: TCP

    bool is_unix() const { return !path.empty(); }
    std::string to_string() const;

    friend bool operator==(const HttpAddress&, const HttpAddress&) = default;
};

// "127.0.0.1:9721", "[::1]:9721", "unix:/run/warren/%i.http"
std::optional<HttpAddress> read_http_address(std::string_view text);

// "%i" becomes `instance`.
std::string path_of(const HttpAddress& http, const std::string& instance);

}  // namespace warren::config
