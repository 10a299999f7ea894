// SPDX-License-Identifier: BSD-3-Clause
#include "http/connection.h"

#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/span_body.hpp>
#include <boost/beast/http/write.hpp>
#include <exception>
#include <utility>

namespace warren::http {

namespace beast = boost::beast::http;

namespace {

using Bytes = beast::span_body<const char>;

beast::response<Bytes> response_of(const Answer& answer) {
    beast::response<Bytes> response;
    response.body() = {answer.body->data(), answer.body->size()};
    return response;
}

}  // namespace

Connection::Connection(Socket socket, std::shared_ptr<Room> room)
    : stream_(std::move(socket)), room_(std::move(room)) {
    ++room_->open;
}

Connection::~Connection() {
    --room_->open;
    if (room_->freed) room_->freed();
}

void Connection::read(std::chrono::seconds patience) {
    parser_.emplace();
    parser_->header_limit(max_head_bytes);
    parser_->body_limit(0);
    stream_.expires_after(patience);
    beast::async_read_header(stream_, buffer_, *parser_,
                             [self = shared_from_this()](boost::system::error_code error,
                                                         std::size_t) { self->on_read(error); });
}

// Silence, a reset or the end of the stream get no answer: nobody waits for one.
void Connection::on_read(boost::system::error_code error) {
    const auto has_body = [this] {
        return parser_->chunked() || parser_->content_length().value_or(0) != 0;
    };
    if (!error && has_body()) return refuse(413, "a request has no body here\n");
    if (!error) return answer();
    if (error == beast::error::header_limit || error == beast::error::buffer_overflow)
        return refuse(431, "the head is too large\n");
    if (error == beast::error::unexpected_body || error == beast::error::body_limit)
        return refuse(413, "a request has no body here\n");
    const bool is_nonsense =
        error.category() == make_error_code(beast::error::bad_method).category() &&
        error != beast::error::end_of_stream && error != beast::error::partial_message;
    if (is_nonsense) return refuse(400, "this is no request\n");
    close();
}

void Connection::answer() {
    const beast::request<beast::empty_body>& request = parser_->get();
    const bool is_head = request.method() == beast::verb::head;
    if (request.method() != beast::verb::get && !is_head)
        return refuse(405, "only GET and HEAD: nothing is changed here\n");
    if (!request.target().starts_with('/')) return refuse(400, "this is no path\n");
    const bool is_kept = request.keep_alive();
    try {
        room_->handler(read_target({request.target().data(), request.target().size()}),
                       [self = shared_from_this(), is_head, is_kept](const Answer& answer) {
                           self->send(answer, is_head, is_kept);
                       });
    } catch (const std::exception&) {
        refuse(500, "it could not be answered\n");
    }
}

void Connection::send(const Answer& answer, bool is_head, bool is_kept) {
    const bool goes_on = is_kept && !room_->is_crowded();
    if (is_head)
        send(beast::response<beast::empty_body>{}, answer, goes_on);
    else
        send(response_of(answer), answer, goes_on);
}

template <typename Body>
void Connection::send(beast::response<Body> response, const Answer& answer, bool goes_on) {
    response.result(answer.status);
    response.version(11);
    response.set(beast::field::content_type, {answer.type.data(), answer.type.size()});
    response.set(beast::field::cache_control, "no-store");
    response.set("Content-Security-Policy", answer.policy);
    response.set("X-Content-Type-Options", "nosniff");
    response.set("Referrer-Policy", "no-referrer");
    if (answer.status == 405) response.set(beast::field::allow, "GET, HEAD");
    response.content_length(answer.body->size());
    response.keep_alive(goes_on);
    const auto kept = std::make_shared<beast::response<Body>>(std::move(response));
    stream_.expires_after(answer_time);
    beast::async_write(stream_, *kept,
                       [self = shared_from_this(), kept, body = answer.body, goes_on](
                           boost::system::error_code error, std::size_t) {
                           if (error || !goes_on) return self->close();
                           self->read(idle_time);
                       });
}

void Connection::refuse(unsigned status, const char* text) {
    const Answer answer = text_answer(status, text);
    send(response_of(answer), answer, false);
}

// The rest of what it sent is not read: a reset then may overtake our answer, which it has earned.
void Connection::close() {
    boost::system::error_code ignored;
    stream_.socket().shutdown(Socket::shutdown_send, ignored);
    stream_.close();
}

}  // namespace warren::http
