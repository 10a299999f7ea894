#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A mail server that takes everything and appends each mail's subject and body to a file, a line each.

    mail_catcher.py ADDRESS PORT FILE
"""

import socketserver
import sys


class Session(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def line(self):
        return self.rfile.readline().decode().rstrip("\r\n")

    def handle(self):
        self.say("220 catcher")
        while (word := self.line()) and word != "QUIT":
            if word == "DATA":
                self.say("354 go on")
                self.take_mail()
            self.say("250 ok")
        self.say("221 bye")

    def take_mail(self):
        lines = []
        while (line := self.line()) != ".":
            lines.append(line)
        subject = next(line for line in lines if line.startswith("Subject: "))
        body = " ".join(lines[lines.index("") + 1:])
        with open(sys.argv[3], "a", encoding="utf-8") as file:
            file.write(f"{subject.removeprefix('Subject: ')} | {body}\n")


if __name__ == "__main__":
    socketserver.TCPServer.allow_reuse_address = True
    with socketserver.TCPServer((sys.argv[1], int(sys.argv[2])), Session) as server:
        server.serve_forever()
