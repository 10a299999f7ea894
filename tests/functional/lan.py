# SPDX-License-Identifier: BSD-3-Clause
"""What a LAN's switch sees of VRRP, ARP and neighbour discovery, and who answers for an address.

    lan = Lan(test.network, client, {"one": host, "two": host})
    lan.owners("192.168.8.100")       names of the ports behind which somebody answers, asked by ARP or NS
    lan.adverts("one", since)         Advert tuples, oldest first; likewise announcements()

Frames carry the kernel's time of arrival. Nobody learns from the questions: they have RFC 5227's sender address 0, or a source
link-layer address only where neighbour discovery needs one.
"""

import collections
import contextlib
import ctypes
import ipaddress
import select
import socket
import struct
import threading
import time

ETH_ARP, ETH_IPV4, ETH_IPV6 = 0x0806, 0x0800, 0x86DD
PROTOCOL_AH, PROTOCOL_ICMPV6, PROTOCOL_VRRP = 51, 58, 112
BROADCAST = "ff:ff:ff:ff:ff:ff"
_CLONE_NEWNET = 0x40000000
_PACKET_OUTGOING = 4
_SO_RCVBUFFORCE = 33
_SO_TIMESTAMPNS = 35

Frame = collections.namedtuple("Frame", "time port bytes")
Advert = collections.namedtuple(
    "Advert", "time port source_mac target_mac source target ttl tos version vrid priority interval_s addresses ah")
# How an owner names its address: kind "garp", "arp" (reply), "na" (unsolicited) or "answer" (solicited NA).
Claim = collections.namedtuple("Claim", "time port kind source_mac target_mac mac address flags")


def mac_text(data):
    return bytes(data).hex(":")


def mac_bytes(text):
    return bytes.fromhex(text.replace(":", ""))


def socket_in(namespace, *arguments):
    """A socket of another network namespace, made by a thread that goes there and ends."""
    made = []

    def make():
        with open(f"/run/netns/{namespace}", "rb") as file:
            if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), _CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), f"namespace {namespace}")
        names = dict(socket.if_nameindex())
        made.append((socket.socket(*arguments), names))
    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    return made[0]


def checksum(data):
    data = bytes(data) + bytes(len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def link_local(mac):
    """The address that the kernel derives from a MAC (RFC 4291 appendix A)."""
    m = bytearray(mac_bytes(mac))
    m[0] ^= 2
    return str(ipaddress.IPv6Address(b"\xfe\x80" + bytes(6) + bytes(m[:3]) + b"\xff\xfe" + bytes(m[3:])))


def solicited_node(address):
    """Group and MAC of an IPv6 address (RFC 4291 section 2.7.1)."""
    low = ipaddress.IPv6Address(address).packed[13:]
    return b"\xff\x02" + bytes(9) + b"\x01\xff" + low, b"\x33\x33\xff" + low


def icmpv6(source, target, body, hops=255):
    """IPv6 packet around an ICMPv6 message whose checksum is zero yet."""
    pseudo = source + target + struct.pack("!II", len(body), PROTOCOL_ICMPV6)
    body = body[:2] + struct.pack("!H", checksum(pseudo + body)) + body[4:]
    return struct.pack("!IHBB", 6 << 28, len(body), PROTOCOL_ICMPV6, hops) + source + target + body


class Wire:
    """Raw frames in and out of a host's eth0."""

    def __init__(self, host):
        self.mac = host.mac()
        self.socket, _ = socket_in(host.namespace, socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.bind(("eth0", 3))

    def send(self, target_mac, ethertype, payload, source_mac=None):
        head = mac_bytes(target_mac) + mac_bytes(source_mac or self.mac) + struct.pack("!H", ethertype)
        self.send_frame(head + payload)

    def send_frame(self, frame):
        self.socket.send(frame.ljust(60, b"\0"))

    def drain(self):
        with contextlib.suppress(BlockingIOError):
            while True:
                self.socket.recv(2048, socket.MSG_DONTWAIT)

    def receive(self, matches, timeout):
        """The first frame that matches, or None."""
        end = time.monotonic() + timeout
        while (left := end - time.monotonic()) > 0:
            if not select.select([self.socket], [], [], left)[0]:
                return None
            frame, address = self.socket.recvfrom(2048)
            if address[2] != _PACKET_OUTGOING and matches(frame):
                return frame
        return None


class Lan:
    def __init__(self, network, client, hosts):
        self.hosts = hosts
        self.wire = Wire(client)
        self._frames = []
        self._socket, names = socket_in(network.switch, socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        # On a busy machine this thread may wait for a processor: what it misses would look like what nobody has sent.
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 64 << 20)
        self._ports = {name for name in names.values() if name in hosts}
        self._socket.setblocking(False)
        self._reading = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._record, daemon=True)
        self._thread.start()

    def _record(self):
        while not self._ended.is_set():
            if select.select([self._socket], [], [], 0.2)[0]:
                self._read()

    def _read(self):
        """All that has arrived."""
        with self._reading, contextlib.suppress(BlockingIOError):
            while True:
                data, control, _, address = self._socket.recvmsg(2048, 128)
                ethertype = int.from_bytes(data[12:14], "big")
                if address[2] == _PACKET_OUTGOING or address[0] not in self._ports or \
                        ethertype not in (ETH_ARP, ETH_IPV4, ETH_IPV6):
                    continue
                seconds, nanoseconds = struct.unpack("@qq", control[0][2])
                self._frames.append(Frame(seconds + nanoseconds / 1e9, address[0], data))

    def close(self):
        self._ended.set()
        self._thread.join()

    def frames(self, port, since=0.0):
        self._read()    # the thread may still wait for a processor
        return [f for f in list(self._frames) if f.port == port and f.time >= since]

    def adverts(self, port, since=0.0, vrid=None):
        found = (advert_of(f) for f in self.frames(port, since))
        return [a for a in found if a and vrid in (None, a.vrid)]

    def claims(self, port, since=0.0, address=None):
        found = (claim_of(f) for f in self.frames(port, since))
        return [c for c in found if c and address in (None, c.address)]

    def announcements(self, port, since=0.0, address=None):
        return [c for c in self.claims(port, since, address) if c.kind in ("garp", "na")]

    def ask(self, address, patience=0.15, probe=True):
        """Asks once by broadcast or to the solicited-node group; returns the claims that answer."""
        since = time.time()
        if ":" in address:
            group, mac = solicited_node(address)
            target = ipaddress.IPv6Address(address).packed
            source = ipaddress.IPv6Address(link_local(self.wire.mac)).packed
            option = b"\x01\x01" + mac_bytes(self.wire.mac)
            self.wire.send(mac_text(mac), ETH_IPV6, icmpv6(source, group, b"\x87\0\0\0" + bytes(4) + target + option))
        else:
            self.wire.send(BROADCAST, ETH_ARP, arp(1, self.wire.mac, "0.0.0.0", "00:00:00:00:00:00", address))
        time.sleep(patience)
        return [c for port in self.hosts for c in self.claims(port, since, address) if c.kind in ("arp", "answer")]

    def owners(self, address):
        return sorted({c.port for c in self.ask(address)})


def arp(operation, sender_mac, sender, target_mac, target):
    return struct.pack("!HHBBH", 1, ETH_IPV4, 6, 4, operation) + mac_bytes(sender_mac) + socket.inet_aton(sender) + \
        mac_bytes(target_mac) + socket.inet_aton(target)


def claim_of(frame):
    f = frame.bytes
    kind = int.from_bytes(f[12:14], "big")
    if kind == ETH_ARP and len(f) >= 42:
        sender, target = f[28:32], f[38:42]
        reply = f[20:22] == b"\0\2"
        if sender != target and not reply:
            return None
        return Claim(frame.time, frame.port, "garp" if sender == target else "arp", mac_text(f[6:12]), mac_text(f[:6]),
                     mac_text(f[22:28]), socket.inet_ntoa(sender), None)
    if kind == ETH_IPV6 and len(f) >= 78 and f[20] == PROTOCOL_ICMPV6 and f[54] == 136:
        flags = f[58] >> 5
        return Claim(frame.time, frame.port, "answer" if flags & 2 else "na", mac_text(f[6:12]), mac_text(f[:6]),
                     mac_text(f[80:86]), str(ipaddress.IPv6Address(f[62:78])), flags)
    return None


def advert_of(frame):
    f = frame.bytes
    kind = int.from_bytes(f[12:14], "big")
    if kind == ETH_IPV4:
        at, protocol = 14 + (f[14] & 15) * 4, f[23]
        head = socket.inet_ntoa(f[26:30]), socket.inet_ntoa(f[30:34]), f[22], f[15]
        end = 14 + int.from_bytes(f[16:18], "big")
    elif kind == ETH_IPV6:
        at, protocol = 54, f[20]
        head = str(ipaddress.IPv6Address(f[22:38])), str(ipaddress.IPv6Address(f[38:54])), f[21], (f[14] & 15) << 4 | f[15] >> 4
        end = 54 + int.from_bytes(f[18:20], "big")
    else:
        return None
    ah = protocol == PROTOCOL_AH and f[at] == PROTOCOL_VRRP
    if not ah and protocol != PROTOCOL_VRRP:
        return None
    v = f[at + (24 if ah else 0):end]
    version, size = v[0] >> 4, 4 if kind == ETH_IPV4 else 16
    interval = (int.from_bytes(v[4:6], "big") & 0xFFF) / 100 if version == 3 else float(v[5])
    addresses = tuple(str(ipaddress.ip_address(v[8 + i * size:8 + (i + 1) * size])) for i in range(v[3]))
    return Advert(frame.time, frame.port, mac_text(f[6:12]), mac_text(f[:6]), *head, version, v[1], v[2], interval, addresses, ah)


def now():
    """The clock of all these times."""
    return time.time()
