#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What runs beside a balancer on its own host, in tomcat's place: web_host.py NAME serves a page that says NAME at TCP port 8080,
and answers each datagram to UDP port 8053 with NAME, from the address that it was sent to. web_host.py NAME udp: only that."""

import http.server
import socket
import sys
import threading


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):    # noqa: N802  (the library's name)
        body = sys.argv[1].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6    # and IPv4


def answer_datagrams():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.setsockopt(socket.IPPROTO_IP, 8, 1)    # IP_PKTINFO
        listener.bind(("0.0.0.0", 8053))
        while True:
            _, control, _, sender = listener.recvmsg(2000, 200)
            listener.sendmsg([sys.argv[1].encode()], [(level, kind, data) for level, kind, data in control], 0, sender)


if __name__ == "__main__":
    if sys.argv[2:] == ["udp"]:
        answer_datagrams()
    threading.Thread(target=answer_datagrams, daemon=True).start()
    Server(("::", 8080), Page).serve_forever()
