# SPDX-License-Identifier: BSD-3-Clause
"""As much of RabbitMQ's stream protocol as one publisher and one reader need (rabbitmq_stream's PROTOCOL.adoc, version 1).

    with StreamClient("192.168.8.100", 5552, "user", "password") as client:
        client.create("s")
        client.publish("s", [b"one", b"two"])    returns when all are confirmed
        client.read("s", 2)                      the first two messages

A frame is its length, a key, a version and fields; an answer's key has the top bit set, then come a correlation id and a code.
"""

import socket
import struct
import zlib

DECLARE_PUBLISHER, PUBLISH, CONFIRM, SUBSCRIBE, DELIVER, CREDIT, CREATE = 1, 2, 3, 7, 8, 9, 13
METADATA, PEER_PROPERTIES, SASL_HANDSHAKE, SASL_AUTHENTICATE, TUNE, OPEN, CLOSE, HEARTBEAT = 15, 17, 18, 19, 20, 21, 22, 23
ANSWER = 0x8000
OK = 1
FROM_THE_FIRST = 1    # kind of offset
CHUNK = struct.Struct("!bbHIqQQIIII")


def text(value):
    return struct.pack("!H", len(value)) + value.encode()


def data(value):
    return struct.pack("!I", len(value)) + value


def mapping(values):
    return struct.pack("!I", len(values)) + b"".join(text(key) + text(value) for key, value in values.items())


class Fields:
    """Takes what a frame says from its front."""

    def __init__(self, frame):
        self.left = frame

    def take(self, size):
        taken, self.left = self.left[:size], self.left[size:]
        assert len(taken) == size, "a frame ends too soon"
        return taken

    def unpack(self, layout):
        values = struct.unpack("!" + layout, self.take(struct.calcsize("!" + layout)))
        return values if len(values) > 1 else values[0]

    def text(self):
        return self.take(self.unpack("H")).decode()


class StreamClient:
    def __init__(self, address, port, user, password, vhost="/", patience=10):
        self.socket = socket.create_connection((address, port), timeout=patience)
        self.correlation = 0
        self.ask(PEER_PROPERTIES, mapping({"product": "a test"}))
        self.ask(SASL_HANDSHAKE)
        self.ask(SASL_AUTHENTICATE, text("PLAIN") + data(f"\0{user}\0{password}".encode()))
        self.send(TUNE, self.wait_for(TUNE).left)    # as the server wants it
        self.ask(OPEN, text(vhost))

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        with self.socket:
            if exception == (None, None, None):
                self.ask(CLOSE, struct.pack("!H", OK) + text("done"))

    def send(self, key, body):
        self.socket.sendall(data(struct.pack("!HH", key, 1) + body))

    def receive(self, size):
        got = b""
        while len(got) < size:
            part = self.socket.recv(size - len(got))
            if not part:
                raise ConnectionError("the server has ended the connection")
            got += part
        return got

    def wait_for(self, key):
        """The fields of the next frame with that key; the only others that may come between are heartbeats."""
        while True:
            fields = Fields(self.receive(struct.unpack("!I", self.receive(4))[0]))
            found, _version = fields.unpack("HH")
            if found == key:
                return fields
            assert found == HEARTBEAT, f"command {found:#x} instead of {key:#x}"

    def ask(self, key, body=b""):
        """What the server answers, behind its code."""
        self.correlation += 1
        self.send(key, struct.pack("!I", self.correlation) + body)
        fields = self.wait_for(key | ANSWER)
        assert fields.unpack("I") == self.correlation
        if key != METADATA:    # each of its streams has a code
            code = fields.unpack("H")
            assert code == OK, f"command {key}: code {code}"
        return fields

    def create(self, stream):
        self.ask(CREATE, text(stream) + mapping({}))

    def brokers(self, stream):
        """Where the cluster tells clients to go: (host, port) of each broker."""
        fields = self.ask(METADATA, struct.pack("!I", 1) + text(stream))
        found = []
        for _ in range(fields.unpack("I")):
            fields.unpack("H")
            found.append((fields.text(), fields.unpack("I")))
        return found

    def publish(self, stream, messages):
        publisher = 1
        self.ask(DECLARE_PUBLISHER, struct.pack("!B", publisher) + text("") + text(stream))
        numbered = b"".join(struct.pack("!Q", number) + data(message) for number, message in enumerate(messages))
        self.send(PUBLISH, struct.pack("!BI", publisher, len(messages)) + numbered)
        missing = set(range(len(messages)))
        while missing:
            fields = self.wait_for(CONFIRM)
            for _ in range(fields.unpack("BI")[1]):
                missing.remove(fields.unpack("Q"))

    def read(self, stream, count):
        """Each chunk that comes is worth one credit."""
        subscription = 1
        self.ask(SUBSCRIBE, struct.pack("!B", subscription) + text(stream) + struct.pack("!HH", FROM_THE_FIRST, 1) + mapping({}))
        messages = []
        while len(messages) < count:
            fields = self.wait_for(DELIVER)
            assert fields.unpack("B") == subscription
            messages += self.messages_of(fields)
            self.send(CREDIT, struct.pack("!BH", subscription, 1))
        return messages

    @staticmethod
    def messages_of(fields):
        _magic, kind, entries, records, _time, _epoch, _offset, checksum, size, _trailer, _ = CHUNK.unpack(fields.take(CHUNK.size))
        body = fields.take(size)
        assert kind == 0 and entries == records, "messages of batches, or none"
        assert zlib.crc32(body) == checksum, "a chunk is damaged"
        fields = Fields(body)
        return [fields.take(fields.unpack("I")) for _ in range(records)]
