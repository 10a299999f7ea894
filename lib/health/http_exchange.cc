// SPDX-License-Identifier: BSD-3-Clause
#include "health/http_exchange.h"

#include <boost/asio/error.hpp>
#include <utility>

namespace warren::health {

HttpExchange::HttpExchange(boost::asio::io_context& io, const Target& server,
                           std::optional<TlsOptions> tls, std::string request, Done done)
    : connection_(Connection::make(io, std::move(tls))), done_(std::move(done)) {
    connection_->open(server, [this, request = std::move(request)](const Connection::Error& error) {
        if (error) return fail(error);
        connection_->send(request, [this](const Connection::Error& failed) {
            if (failed) return fail(failed);
            read();
        });
    });
}

HttpExchange::~HttpExchange() {
    connection_->close();
}

void HttpExchange::read() {
    connection_->read([this](const Connection::Error& error, std::string_view bytes) {
        reader_.take(bytes);
        if (error == boost::asio::error::eof)
            reader_.end();
        else if (error)
            return fail(error);
        if (!reader_.is_done()) return read();
        finish(reader_.problem().empty() ? Reason::none : Reason::other, reader_.problem());
    });
}

void HttpExchange::fail(const Connection::Error& error) {
    finish(reason_of(error), connection_->words_of(error));
}

// `done` may destroy this.
void HttpExchange::finish(Reason reason, std::string problem) {
    connection_->close();
    const Done done = std::move(done_);
    done({reason, std::move(problem), std::move(reader_.reply())});
}

}  // namespace warren::health
