// SPDX-License-Identifier: BSD-3-Clause
#include "probe/http_reply.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <utility>

namespace warren::probe {

namespace http = boost::beast::http;

HttpReplyReader::HttpReplyReader() {
    begin();
}

void HttpReplyReader::begin() {
    parser_.emplace();
    parser_->header_limit(most_header_bytes);
    parser_->body_limit(most_body_bytes);
}

void HttpReplyReader::take(std::string_view bytes) {
    while (!done_ && !parser_->is_header_done() && !bytes.empty())
        bytes.remove_prefix(take_head(bytes));
    if (done_ || !parser_->is_header_done()) return;
    note_body(bytes);
    input_ += bytes;
    parse_body();
}

// The parser stops behind the header, so that what is left then is the body as it came. What is
// only on the way (100, 103) nobody has to ask for (RFC 9110 15.2).
std::size_t HttpReplyReader::take_head(std::string_view bytes) {
    const std::size_t taken = head_.mend(bytes, input_);
    boost::system::error_code error;
    input_.erase(0, parser_->put(boost::asio::buffer(input_), error));
    if (error == http::error::need_more) return taken;
    if (error) {
        finish("no HTTP: " + error.message());
        return taken;
    }
    reply_.status = parser_->get().result_int();
    const bool is_final = http::to_status_class(reply_.status) != http::status_class::informational;
    if (is_final)
        parser_->eager(true);
    else
        begin();
    return taken;
}

void HttpReplyReader::parse_body() {
    while (!done_ && !parser_->is_done() && !input_.empty()) {
        boost::system::error_code error;
        const std::size_t taken = parser_->put(boost::asio::buffer(input_), error);
        input_.erase(0, taken);
        if (error == http::error::need_more || (!error && taken == 0)) break;
        if (error) return finish("no HTTP: " + error.message());
    }
    if (parser_->is_done()) finish({});
}

void HttpReplyReader::note_body(std::string_view bytes) {
    if (reply_.raw_body.size() + bytes.size() > most_body_bytes + most_header_bytes)
        return finish("the reply is too long");
    reply_.raw_body += bytes;
    if (const auto announced = parser_->content_length(); announced.has_value())
        reply_.raw_body.resize(std::min<std::size_t>(reply_.raw_body.size(), *announced));
}

void HttpReplyReader::end() {
    if (done_) return;
    finish(parser_->is_header_done() ? "" : "the connection ended without a reply");
}

void HttpReplyReader::finish(std::string problem) {
    if (done_) return;
    done_ = true;
    problem_ = std::move(problem);
    reply_.body = std::move(parser_->get().body());
}

}  // namespace warren::probe
