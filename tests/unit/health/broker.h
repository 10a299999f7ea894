// SPDX-License-Identifier: BSD-3-Clause
// A broker of this process on a loopback port: answers what an amqp::Client asks for, and remembers
// what it has heard.
#pragma once

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "../amqp/wire.h"
#include "amqp/method_id.h"

namespace warren::health {

class Broker {
  public:
    using tcp = boost::asio::ip::tcp;
    using Bytes = amqp::wire::Bytes;

    explicit Broker(boost::asio::io_context& io)
        : acceptor_(io, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)) {
        accept();
    }
    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
    void say(Bytes bytes) {
        auto kept = std::make_shared<Bytes>(std::move(bytes));
        boost::asio::async_write(*client_, boost::asio::buffer(*kept), [kept](auto, auto) {});
    }
    void hang_up() { client_->close(); }
    void stop_listening() { acceptor_.close(); }

    std::string cluster = "rabbit@prod";
    bool greets = true;
    std::optional<Bytes> answer_to_login;  // instead of tune
    std::vector<std::string> heard;
    int connections = 0;

  private:
    void accept() {
        acceptor_.async_accept([this](boost::system::error_code error, tcp::socket socket) {
            if (error) return;
            ++connections;
            client_ = std::make_shared<tcp::socket>(std::move(socket));
            stream_.clear();
            read(client_);
            accept();
        });
    }
    void read(const std::shared_ptr<tcp::socket>& client) {
        client->async_read_some(boost::asio::buffer(buffer_),
                                [this, client](boost::system::error_code error, std::size_t n) {
                                    if (error) return heard.emplace_back("end"), void();
                                    stream_.insert(stream_.end(), buffer_.begin(),
                                                   buffer_.begin() + std::ptrdiff_t(n));
                                    take();
                                    if (client->is_open()) read(client);
                                });
    }
    void drop(std::size_t bytes) {
        stream_.erase(stream_.begin(), stream_.begin() + std::ptrdiff_t(bytes));
    }
    void take() {
        if (stream_.size() >= 16 && stream_[0] == '\r') {
            heard.emplace_back(stream_[12] == 0x20 ? "LOCAL" : "PROXY");
            drop(16U + stream_[15]);
        }
        if (stream_.size() >= 8 && stream_[0] == 'A') {
            drop(8);
            heard.emplace_back("header");
            if (greets) say(amqp::wire::start(cluster));
        }
        while (client_->is_open()) {
            const auto next = amqp::next_frame(stream_, 100'000);
            const auto* frame = std::get_if<amqp::Frame>(&next);
            if (frame == nullptr) return;
            const std::size_t bytes = frame->bytes();
            if (frame->type == amqp::FrameType::heartbeat) heard.emplace_back("heartbeat");
            if (frame->type == amqp::FrameType::method)
                answer(static_cast<amqp::MethodId>(net::load<net::Be32>(frame->payload, 0).host()));
            drop(bytes);
        }
    }
    void answer(amqp::MethodId id) {
        using amqp::MethodId;
        switch (id) {
            case MethodId::connection_start_ok:
                heard.emplace_back("login");
                return say(answer_to_login.value_or(amqp::wire::tune));
            case MethodId::connection_open:
                return say(amqp::wire::open_ok);
            case MethodId::channel_open:
                return say(amqp::wire::channel_open_ok);
            case MethodId::confirm_select:
                return say(amqp::wire::confirm_select_ok);
            case MethodId::basic_publish:
                heard.emplace_back("publish");
                return say(amqp::wire::ack);
            case MethodId::connection_close:
                heard.emplace_back("close");
                return say(amqp::wire::close_ok);
            default:
                return;
        }
    }

    tcp::acceptor acceptor_;
    std::shared_ptr<tcp::socket> client_;
    std::array<std::uint8_t, 4'096> buffer_{};
    Bytes stream_;
};

}  // namespace warren::health
