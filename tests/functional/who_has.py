#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Asks by ARP who has an address, and prints the MAC of everybody who answers: who_has.py ADDRESS [SECONDS] on eth0."""

import socket
import struct
import sys
import time


def main():
    address = socket.inet_aton(sys.argv[1])
    patience = float(sys.argv[2]) if len(sys.argv) > 2 else 0.3
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806)) as link:
        link.bind(("eth0", 0))
        own = link.getsockname()[4]
        # A probe (RFC 5227): sender address 0, so nobody's neighbour table changes.
        request = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + own + bytes(4) + bytes(6) + address
        link.send(b"\xff" * 6 + own + b"\x08\x06" + request)
        answers = set()
        end = time.monotonic() + patience
        while (left := end - time.monotonic()) > 0:
            link.settimeout(left)
            try:
                frame = link.recv(200)
            except TimeoutError:
                break
            if frame[20:22] == b"\x00\x02" and frame[28:32] == address:
                answers.add(frame[22:28].hex(":"))
    print("\n".join(sorted(answers)))


if __name__ == "__main__":
    main()
