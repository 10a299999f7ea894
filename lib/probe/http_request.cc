// SPDX-License-Identifier: BSD-3-Clause
#include "probe/http_request.h"

namespace warren::probe {

std::string base64(std::string_view bytes) {
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        std::uint32_t group = 0;
        for (std::size_t i = 0; i < 3; ++i)
            group = group << 8 |
                    (at + i < bytes.size() ? static_cast<std::uint8_t>(bytes[at + i]) : 0U);
        for (std::size_t i = 0; i < 4; ++i)
            out += at + i > bytes.size() ? '=' : digits[group >> (18 - 6 * i) & 63];
    }
    return out;
}

std::string host_of(const net::IpAddress& address, std::uint16_t port) {
    const std::string text = address.to_string();
    return (address.is_v4() ? text : "[" + text + "]") + ":" + std::to_string(port);
}

std::string to_text(const HttpRequest& request) {
    std::string text = request.method + " " + request.target + " HTTP/1." +
                       (request.protocol == HttpProtocol::v1_1 ? "1" : "0") +
                       "\r\nUser-Agent: KeepAliveClient\r\n";
    if (request.protocol != HttpProtocol::v1_0) text += "Connection: close\r\n";
    if (!request.credentials.empty())
        text += "Authorization: Basic " + base64(request.credentials) + "\r\n";
    if (!request.reason.empty()) text += "X-Reason: " + request.reason + "\r\n";
    return text + "Host: " + request.host + "\r\n\r\n";
}

}  // namespace warren::probe
