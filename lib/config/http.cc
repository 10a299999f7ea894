// SPDX-License-Identifier: BSD-3-Clause
#include "config/http.h"

#include <charconv>

namespace warren::config {
namespace {

constexpr std::string_view unix_prefix = "unix:";

std::optional<HttpAddress> read_path(std::string_view path) {
    if (path.size() < 2 || path.front() != '/' || path.size() > max_http_path) return {};
    HttpAddress http;
    http.path = path;
    return http;
}

}  // namespace

std::string HttpAddress::to_string() const {
    if (is_unix()) return std::string(unix_prefix) + path;
    const std::string host = address.to_string();
    return (address.is_v4() ? host : "[" + host + "]") + ":" + std::to_string(port);
}

std::optional<HttpAddress> read_http_address(std::string_view text) {
    if (text.starts_with(unix_prefix)) return read_path(text.substr(unix_prefix.size()));
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return {};
    std::string_view host = text.substr(0, colon);
    const bool is_bracketed = host.starts_with('[') && host.ends_with(']');
    if (is_bracketed) host = host.substr(1, host.size() - 2);
    const std::optional<net::IpAddress> address = net::IpAddress::parse(host);
    if (!address || address->is_v4() == is_bracketed) return {};
    HttpAddress http;
    http.address = *address;
    const char* const end = text.data() + text.size();
    const auto [at, fault] = std::from_chars(text.data() + colon + 1, end, http.port);
    if (fault != std::errc{} || at != end || http.port == 0) return {};
    return http;
}

std::string path_of(const HttpAddress& http, const std::string& instance) {
    std::string path = http.path;
    if (const std::size_t at = path.find("%i"); at != std::string::npos)
        path.replace(at, 2, instance);
    return path;
}

}  // namespace warren::config
