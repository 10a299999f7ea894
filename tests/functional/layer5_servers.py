#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The servers that layer5_checks.py has checked, all in one process: HTTP, HTTPS, SMTP, DNS and UDP.

    layer5_servers.py FOLDER CERTIFICATE KEY

A file FOLDER/NAME.down makes the server NAME ill in its own way: HTTP says 503, HTTPS another text, SMTP 554, DNS SERVFAIL;
UDP's socket is closed, which its host tells by ICMP. Requests to HTTP are written to FOLDER/requests.
"""
import http.server
import pathlib
import socket
import socketserver
import ssl
import sys
import threading
import time

FOLDER = pathlib.Path(sys.argv[1])
HTTP, HTTPS, SMTP, DNS, UDP = (f"192.168.8.{n}" for n in (11, 12, 14, 15, 16))
PORTS = {"http": 8080, "https": 8443, "smtp": 2525, "dns": 53, "udp": 7}


def is_down(name):
    return (FOLDER / f"{name}.down").exists()


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        name = self.server.server_name
        with open(FOLDER / "requests", "a", encoding="utf-8") as file:
            file.write(f"{name} {self.path} {self.request_version} {self.headers['Host']}\n")
        text = b"status: ill\n" if name == "https" and is_down(name) else b"status: healthy\n"
        self.send_response(503 if name == "http" and is_down(name) else 200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


class Web(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def server_bind(self):
        self.allow_reuse_address = True
        socketserver.TCPServer.server_bind(self)

    def handle_error(self, *_):
        pass


class Mail(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"554 no\r\n" if is_down("smtp") else b"220-mail\r\n220 here\r\n")
        for line in self.rfile:
            word = line.split()[0].upper()
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 hello\r\n")
            if word == b"QUIT":
                return


class Threads(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def handle_error(self, *_):
        pass


def answer_dns():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((DNS, PORTS["dns"]))
        while True:
            query, client = server.recvfrom(512)
            server.sendto(query[:2] + (b"\x81\x82" if is_down("dns") else b"\x81\x80") + query[4:], client)


def answer_udp():
    while True:
        while is_down("udp"):
            time.sleep(0.01)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.bind((UDP, PORTS["udp"]))
            server.settimeout(0.01)
            while not is_down("udp"):
                try:
                    data, client = server.recvfrom(512)
                    server.sendto(data + b"\x01", client)
                except TimeoutError:
                    pass


def main():
    web, secure = Web((HTTP, PORTS["http"]), Page), Web((HTTPS, PORTS["https"]), Page)
    web.server_name, secure.server_name = "http", "https"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    context.sni_callback = lambda _socket, name, _context: (FOLDER / "sni").write_text(str(name), encoding="utf-8") and None
    secure.socket = context.wrap_socket(secure.socket, server_side=True, do_handshake_on_connect=False)
    mail = Threads((SMTP, PORTS["smtp"]), Mail)
    for serve in (web.serve_forever, secure.serve_forever, mail.serve_forever, answer_dns, answer_udp):
        threading.Thread(target=serve, daemon=True).start()
    print("serving", flush=True)
    threading.Event().wait()


main()
