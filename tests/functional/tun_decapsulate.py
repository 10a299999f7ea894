#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The server's end of IP in IP (4 in 4, 6 in 4, 4 in 6, 6 in 6) for kernels without tunnel modules: what arrives as protocol
4 or 41 is given to the kernel through a tun device, without its outer header. Nothing goes the other way. Runs until killed."""

import fcntl
import os
import select
import socket
import struct

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
PROTOCOLS = (4, 41)


def open_tun(name):
    device = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
    for family, knob, value in (("ipv4", "rp_filter", "0"), ("ipv6", "accept_dad", "0")):
        with open(f"/proc/sys/net/{family}/conf/{name}/{knob}", "w", encoding="ascii") as file:
            file.write(value)
    os.system(f"ip link set {name} up")
    return device


def main():
    tun = open_tun("decap")
    sockets = []
    for family in (socket.AF_INET, socket.AF_INET6):
        for protocol in PROTOCOLS:
            raw = socket.socket(family, socket.SOCK_RAW, protocol)
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            sockets.append(raw)
    while True:
        for raw in select.select(sockets, [], [])[0]:
            packet = raw.recv(65535)
            if raw.family == socket.AF_INET:    # IPv4 raw sockets show the outer header
                packet = packet[(packet[0] & 15) * 4:]
            os.write(tun, packet)


if __name__ == "__main__":
    main()
