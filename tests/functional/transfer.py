#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Both ends of a TCP transfer that is compared byte by byte (SHA-256) on either side.

    transfer.py serve PORT…            on all addresses; serves until killed; PORT+: a PROXY header comes first
    transfer.py fetch ADDRESS PORT N   N bytes up, N bytes down; exit status 0 if both arrived as sent, and if the server knows
                                       who it was, if it has been told
    transfer.py hold ADDRESS PORT      prints the server's name, then again for each line of input; "reset" when it is reset
    transfer.py crowd ADDRESS PORT N   N connections at once, each asks the server's name; exit status 0 if all were told it
"""

import concurrent.futures
import hashlib
import os
import select
import socket
import socketserver
import sys

BLOCK = 1 << 16
DIGEST = 32


def receive(connection, size):
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise ConnectionError("ended too soon")
        data += part
    return data


def send_random(connection, size):
    """Sends `size` bytes that nobody can guess, then their digest."""
    digest = hashlib.sha256()
    block = os.urandom(BLOCK)
    sent = 0
    while sent < size:
        part = (sent.to_bytes(8, "big") + block)[:min(BLOCK, size - sent)]
        digest.update(part)
        connection.sendall(part)
        sent += len(part)
    connection.sendall(digest.digest())


def check_random(connection, size):
    digest = hashlib.sha256()
    left = size
    while left:
        part = connection.recv(min(BLOCK, left))
        if not part:
            raise ConnectionError("ended too soon")
        digest.update(part)
        left -= len(part)
    return receive(connection, DIGEST) == digest.digest()


def receive_proxy_header(connection):
    """Source address and port of a version 2 header (proxy-protocol.txt 2.2)."""
    start = receive(connection, 16)
    if start[:13] != b"\r\n\r\n\0\r\nQUIT\n\x21" or start[13] not in (0x11, 0x21):
        raise ConnectionError("no PROXY header")
    rest = receive(connection, int.from_bytes(start[14:16], "big"))
    family, size = (socket.AF_INET, 4) if start[13] == 0x11 else (socket.AF_INET6, 16)
    return f"{socket.inet_ntop(family, rest[:size])} {int.from_bytes(rest[2 * size:2 * size + 2], 'big')}"


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        try:
            told = receive_proxy_header(self.request) if self.server.is_proxied else ""
            while order := self.request.recv(1):
                if order in b"nw":
                    self.request.sendall((self.server.host_name if order == b"n" else told).encode() + b"\n")
                    continue
                size = int.from_bytes(receive(self.request, 8), "big")
                self.request.sendall(b"1" if check_random(self.request, size) else b"0")
                send_random(self.request, size)
        except ConnectionError:
            pass


class Server(socketserver.ThreadingTCPServer):
    address_family = socket.AF_INET6
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 1024


def namespace_name():
    """Name of the host, as tools/warrenlab names it."""
    name = os.popen("ip netns identify").read().strip()
    return name.rpartition("-")[2] or socket.gethostname()


def serve(ports):
    Server.host_name = namespace_name()
    servers = [Server(("::", int(port.rstrip("+"))), Handler) for port in ports]
    for server, port in zip(servers, ports):
        server.is_proxied = port.endswith("+")
    while True:
        for ready in select.select(servers, [], [])[0]:
            ready.handle_request()


def fetch(address, port, size):
    with socket.create_connection((address, port), timeout=5) as connection:
        connection.settimeout(30)
        connection.sendall(b"t" + size.to_bytes(8, "big"))
        send_random(connection, size)
        up = receive(connection, 1) == b"1"
        down = check_random(connection, size)
        told = ask(connection, b"w")
        if told not in ("", " ".join(map(str, connection.getsockname()[:2]))):
            sys.exit(f"the server was told of {told}")
    if not up or not down:
        sys.exit(f"damaged: {'' if up else 'up '}{'' if down else 'down'}")


def ask(connection, order):
    connection.sendall(order)
    answer = b""
    while not answer.endswith(b"\n"):
        answer += receive(connection, 1)
    return answer.decode().strip()


def ask_name(connection):
    return ask(connection, b"n")


def crowd(address, port, count):
    def visit(_):
        with socket.create_connection((address, port), timeout=40) as connection:
            ask_name(connection)
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        list(pool.map(visit, range(count)))


def hold(address, port):
    with socket.create_connection((address, port), timeout=5) as connection:
        connection.settimeout(None)
        try:
            while True:
                print(ask_name(connection), flush=True)
                ready = select.select([connection, sys.stdin], [], [])[0]
                if connection in ready:
                    receive(connection, 1)
                if not sys.stdin.readline():
                    return
        except ConnectionError:
            print("reset")


def main():
    what, *words = sys.argv[1:]
    if what == "serve":
        serve(words)
    elif what == "fetch":
        fetch(words[0], int(words[1]), int(words[2]))
    elif what == "crowd":
        crowd(words[0], int(words[1]), int(words[2]))
    else:
        hold(words[0], int(words[1]))


if __name__ == "__main__":
    main()
