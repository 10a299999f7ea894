// SPDX-License-Identifier: BSD-3-Clause
#include "http/server.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace warren::http {

Server::Server(boost::asio::io_context& io, journal::EventLog& events, journal::Attempts& attempts,
               std::string instance, Handler handler)
    : io_(io), events_(events), attempts_(attempts), instance_(std::move(instance)) {
    room_->handler = std::move(handler);
    room_->freed = [this] {
        for (const auto& listener : listeners_)
            listener->accept();
    };
}

Server::~Server() {
    room_->freed = {};
    for (const auto& listener : listeners_)
        listener->close();
}

void Server::follow(const std::vector<config::HttpAddress>& wanted) {
    std::erase_if(listeners_, [&](const std::shared_ptr<Listener>& listener) {
        const bool stays =
            std::find(wanted.begin(), wanted.end(), listener->address()) != wanted.end();
        if (!stays) listener->close();
        return !stays;
    });
    for (const config::HttpAddress& address : wanted) {
        const bool is_open =
            std::any_of(listeners_.begin(), listeners_.end(),
                        [&](const auto& listener) { return listener->address() == address; });
        if (is_open) continue;
        attempts_("http", [&] { open(address); });
    }
}

void Server::open(const config::HttpAddress& address) {
    try {
        listeners_.push_back(std::make_shared<Listener>(io_, address, instance_, room_));
    } catch (const std::exception& error) {
        throw std::runtime_error(address.to_string() + ": " + error.what());
    }
    listeners_.back()->accept();
    events_.info(journal::EventKind::process, "metrics and status page on http {}",
                 listeners_.back()->place());
}

}  // namespace warren::http
