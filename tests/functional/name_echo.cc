// SPDX-License-Identifier: BSD-3-Clause
// A server whose clients want to know who serves them: its name and what it was sent, again and
// again, until the other side ends.
//
//   name_echo NAME      at port 5672, IPv4 and IPv6; beside another one, if there is one
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <iostream>
#include <string>
#include <thread>

namespace {

constexpr std::uint16_t port = 5672;

void serve(int client, const std::string& name) {
    std::array<char, 1000> data;
    for (ssize_t size = 0; (size = recv(client, data.data(), data.size(), 0)) > 0;) {
        const std::string answer =
            name + " " + std::string(data.data(), static_cast<std::size_t>(size));
        if (send(client, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) break;
    }
    close(client);
}

bool listen_at(int server) {
    const int on = 1, off = 0;
    sockaddr_in6 any{};
    any.sin6_family = AF_INET6;
    any.sin6_port = htons(port);
    return setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
           setsockopt(server, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0 &&
           setsockopt(server, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == 0 &&
           bind(server, reinterpret_cast<const sockaddr*>(&any), sizeof any) == 0 &&
           listen(server, SOMAXCONN) == 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: name_echo NAME\n";
        return 2;
    }
    const int server = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (!listen_at(server)) {
        std::cerr << "port " << port << ": " << std::strerror(errno) << '\n';
        return 1;
    }
    for (;;) {
        const int client = accept4(server, nullptr, nullptr, SOCK_CLOEXEC);
        if (client >= 0)
            std::thread(serve, client, std::string(argv[1])).detach();
        else if (errno != ECONNABORTED && errno != EINTR)
            break;
    }
    std::cerr << "accept: " << std::strerror(errno) << '\n';
    return 1;
}
