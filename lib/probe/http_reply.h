// SPDX-License-Identifier: BSD-3-Clause
// An HTTP server's reply, read as it comes (RFC 9112). Pure; the bytes are a stranger's.
#pragma once

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "probe/http_head.h"

namespace warren::probe {

struct HttpReply {
    unsigned status = 0;
    std::string body;      // as the server meant it, without chunks
    std::string raw_body;  // as it came, up to Content-Length: what genhash makes its digest of
};

class HttpReplyReader {
  public:
    static constexpr std::size_t most_header_bytes = 64 * 1024;
    static constexpr std::size_t most_body_bytes = 1024 * 1024;

    HttpReplyReader();

    // What came. Nothing is taken once is_done().
    void take(std::string_view bytes);
    // The server has ended the connection. A body that is shorter than announced is one all the
    // same, as for keepalived; without a whole header there is no reply.
    void end();

    bool is_done() const { return done_; }
    // Empty: the reply is one. Known when done.
    const std::string& problem() const { return problem_; }
    HttpReply& reply() { return reply_; }

  private:
    using Parser = boost::beast::http::response_parser<boost::beast::http::string_body>;

    void begin();
    std::size_t take_head(std::string_view bytes);
    void parse_body();
    void note_body(std::string_view bytes);
    void finish(std::string problem);

    std::optional<Parser> parser_;  // a new one for each head: 1xx may come before the reply
    HttpHeadMender head_;
    std::string input_;  // not parsed yet
    HttpReply reply_;
    std::string problem_;
    bool done_ = false;
};

}  // namespace warren::probe
