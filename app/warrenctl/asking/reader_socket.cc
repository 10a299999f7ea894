// SPDX-License-Identifier: BSD-3-Clause
#include "asking/reader_socket.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cctype>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <sstream>
#include <stdexcept>

#include "asking/telemetry.h"

namespace warren::ctl {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using Socket = asio::local::stream_protocol::socket;

struct Reader {
    static constexpr const char* folder = "/run/warren";
    static constexpr const char* ending = ".http";
    static constexpr int patience_s = 5;
    static constexpr std::uint64_t most_body_bytes = 256ULL << 20;
    static constexpr std::array views{"status",   "ports",    "vrrp",    "tracked",
                                      "sync",     "services", "servers", "neighbours",
                                      "counters", "workers",  "events",  "ended"};
    static constexpr std::array questions{"why", "explain", "history", "flow_count"};
};

// What a query's value has (RFC 3986 3.4, without what separates values).
std::string encoded(const std::string& text) {
    std::string value;
    for (const char c : text) {
        if (std::isalnum(static_cast<unsigned char>(c)) != 0 || std::strchr(".:,[]_-@", c)) {
            value += c;
            continue;
        }
        std::array<char, 4> code{};
        std::snprintf(code.data(), code.size(), "%%%02X", static_cast<unsigned char>(c));
        value += code.data();
    }
    return value;
}

// "3:17 client 10.0.0.9 state fin" as "from=3:17&client=10.0.0.9&state=fin".
std::string flow_query(const std::string& cursor) {
    std::istringstream words(cursor);
    std::string query, word, value;
    for (bool is_first = true; words >> word; is_first = false) {
        if (is_first && word.find_first_not_of("0123456789:") == std::string::npos)
            query += "from=" + word;
        else if (words >> value)
            query.append(query.empty() ? "" : "&").append(word).append("=").append(value);
    }
    return query;
}

}  // namespace

std::string reader_socket(const std::string& instance) {
    return std::string(Reader::folder) + "/" + instance + Reader::ending;
}

bool is_answered(const std::string& socket) {
    asio::io_context io;
    Socket probe(io);
    boost::system::error_code error;
    probe.connect(asio::local::stream_protocol::endpoint(socket), error);
    return !error;
}

std::vector<std::string> readable_instances() {
    std::vector<std::string> names;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(Reader::folder, error))
        if (entry.path().extension() == Reader::ending && is_answered(entry.path().string()))
            names.push_back(entry.path().stem().string());
    return names;
}

// Of a time all is asked: who prints leaves out what is older.
std::string reader_path(const std::string& view, const std::string& cursor) {
    const std::string api = "/api/1/";
    if (view == "servers_short") return api + "servers";
    if (view == "flows") {
        const std::string query = flow_query(cursor);
        return api + view + (query.empty() ? "" : "?" + query);
    }
    if (std::find(Reader::questions.begin(), Reader::questions.end(), view) !=
        Reader::questions.end())
        return api + view + (cursor.empty() ? "" : "?ask=" + encoded(cursor));
    if (std::find(Reader::views.begin(), Reader::views.end(), view) == Reader::views.end())
        return {};
    const bool is_number =
        !cursor.empty() && cursor.find_first_not_of("0123456789") == std::string::npos;
    return api + view + (is_number ? "?since=" + cursor : "");
}

nlohmann::ordered_json read_view(const std::string& socket, const std::string& path) try {
    asio::io_context io;
    Socket stream(io);
    stream.connect(asio::local::stream_protocol::endpoint(socket));
    const timeval patience{Reader::patience_s, 0};
    for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO})
        setsockopt(stream.native_handle(), SOL_SOCKET, option, &patience, sizeof(patience));
    http::request<http::empty_body> request(http::verb::get, path, 11);
    request.set(http::field::host, "warren");
    request.set(http::field::connection, "close");
    http::write(stream, request);
    boost::beast::flat_buffer buffer;
    http::response_parser<http::string_body> answer;
    answer.body_limit(Reader::most_body_bytes);
    http::read(stream, buffer, answer);
    std::string body = answer.get().body();
    if (answer.get().result() != http::status::ok) {
        body.erase(std::remove(body.begin(), body.end(), '\n'), body.end());
        if (answer.get().result() == http::status::bad_request) throw NotUnderstood(body);
        throw std::runtime_error("warren answers: " + body);
    }
    auto whole = nlohmann::ordered_json::parse(body, nullptr, false);
    if (!whole.is_object() || !whole.contains("rows"))
        throw std::runtime_error("warren's answer is not whole");
    return whole;
} catch (const boost::system::system_error& error) {
    throw std::runtime_error(socket + ": " + error.code().message());
}

}  // namespace warren::ctl
