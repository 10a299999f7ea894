# SPDX-License-Identifier: BSD-3-Clause
"""AMQP clients that keep an account. Runs on the client host: `python3 -m warrenlab.clients …`.

Publishers use publisher confirms, `mandatory` and persistent messages on a durable exchange; a
message counts as confirmed when the broker acknowledged it, and whatever was not confirmed is
published again, with its old id, after a reconnect. Consumers acknowledge by hand. Every client
reconnects to its target on any error, at once.

All clients share one event loop, so that each notices the end of its connection at the instant the
kernel reports it. Events go to stdout, one JSON object per line; `t` is CLOCK_MONOTONIC in seconds,
which all processes of the machine share:
    up, down    client, t, (down:) why
    proof       client, t: its first confirmed or delivered message that was published after the
                mark (see below)
    tick        t, confirmed, consumed, up: totals, five times a second
    account     once, at the end
Commands come on stdin, one per line: `mark T` asks for proofs of life after the instant T; `stop`
ends publishing, drains and accounts. A lost connection takes a client's proof back.
"""

import argparse
import collections
import json
import os
import sys
import time

import pika
from pika.adapters.select_connection import IOLoop

from . import rabbit
from .topology import EXCHANGE

RETRY_S = 0.05
WINDOW = 20              # messages of one publisher that may wait for their confirm
CONFIRM_TIMEOUT_S = 10   # then a new channel: 3.10's quorum queues may ignore one opened while they had no leader
DRAIN_QUIET_S = 45       # nothing new for so long: what is missing is lost
GAP_S = 0.05             # shorter gaps between confirms or deliveries are not worth a note
BODY = b"x" * 256


def emit(event, **fields):
    sys.stdout.write(json.dumps({"event": event, **fields}) + "\n")
    sys.stdout.flush()


class Client:
    """One connection with one channel, kept up for ever."""

    def __init__(self, drill, name, queue):
        self.drill = drill
        self.loop = drill.loop
        self.name = name
        self.queue = queue
        self.connection = None
        self.channel = None
        self.ready = False
        self.proved = True
        self.last = None                      # confirm or delivery
        self.gaps = []
        self.connect()

    def connect(self):
        options = self.drill.options
        parameters = pika.ConnectionParameters(
            options.target, options.port, credentials=pika.PlainCredentials(*rabbit.LOGIN),
            heartbeat=options.heartbeat, connection_attempts=1, socket_timeout=1.0,
            stack_timeout=6.0, client_properties={"connection_name": self.name})
        self.connection = pika.SelectConnection(
            parameters, on_open_callback=self.open_channel, on_open_error_callback=self.on_open_error,
            on_close_callback=self.on_closed, custom_ioloop=self.loop)

    def on_open_error(self, _connection, _error):
        self.loop.call_later(RETRY_S, self.connect)

    def on_closed(self, _connection, reason):
        now = time.monotonic()
        if self.ready:
            emit("down", client=self.name, t=now, why=str(reason)[:120])
        self.ready = False
        self.channel = None
        self.proved = False
        self.loop.call_later(RETRY_S, self.connect)

    def open_channel(self, _connection=None):
        if self.connection.is_open:
            self.connection.channel(on_open_callback=self.on_channel)

    def on_channel(self, channel):
        self.channel = channel
        channel.add_on_close_callback(self.on_channel_closed)
        self.set_up(channel)

    def set_up(self, channel):
        raise NotImplementedError

    def on_channel_closed(self, channel, _reason):
        if channel is self.channel:
            self.channel = None
            if self.connection.is_open:
                self.loop.call_later(0.2, self.open_channel)

    def renew_channel(self):
        """Leaves a channel that does not work, without losing the connection."""
        self.drill.renewed_channels += 1
        channel, self.channel = self.channel, None
        if channel.is_open:
            channel.close()
        self.loop.call_later(0.2, self.open_channel)

    def is_up(self, now):
        if not self.ready:
            self.ready = True
            emit("up", client=self.name, t=now)

    def note_gap(self, now):
        if self.last and now - self.last > self.drill.interval + GAP_S:
            self.gaps.append((self.last, now))
        self.last = now

    def prove(self, published, now):
        if not self.proved and published > self.drill.mark:
            self.proved = True
            emit("proof", client=self.name, t=now)


class Publisher(Client):
    """Publishes at a steady rate to one queue and keeps the time of every confirm."""

    def __init__(self, drill, name, queue):
        self.sequence = 0
        self.pending = collections.deque()    # to be published (again)
        self.waiting = {}                     # delivery tag -> (id, time), in order of publishing
        self.tag = 0
        self.returned = set()
        super().__init__(drill, name, queue)
        self.loop.call_later(drill.interval, self.on_timer)

    def set_up(self, channel):
        self.pending.extendleft(reversed([message for message, _ in self.waiting.values()]))
        self.waiting.clear()
        self.tag = 0
        channel.add_on_return_callback(self.on_return)
        channel.confirm_delivery(
            self.on_confirm, callback=lambda _frame: self.is_up(time.monotonic()))

    def settled(self):
        return not self.pending and not self.waiting

    def on_timer(self):
        self.loop.call_later(self.drill.interval, self.on_timer)
        if not self.ready or not self.channel or not self.channel.is_open:
            return
        now = time.monotonic()
        if self.waiting and now - next(iter(self.waiting.values()))[1] > CONFIRM_TIMEOUT_S:
            self.renew_channel()
            return
        if not self.drill.stopping and not self.pending:
            self.pending.append(f"{self.name}-{self.sequence}")
            self.sequence += 1
        while self.pending and len(self.waiting) < WINDOW and self.ready:
            self.publish(self.pending.popleft())

    def publish(self, message):
        now = time.monotonic()
        self.tag += 1
        self.waiting[self.tag] = (message, now)
        properties = pika.BasicProperties(
            delivery_mode=2, message_id=message, headers={"published_us": int(now * 1e6)})
        self.channel.basic_publish(EXCHANGE, self.queue, BODY, properties, mandatory=True)

    def on_return(self, _channel, _method, properties, _body):
        self.returned.add(properties.message_id)

    def on_confirm(self, frame):
        method = frame.method
        now = time.monotonic()
        tags = [method.delivery_tag]
        if method.multiple:
            tags = [tag for tag in self.waiting if tag <= method.delivery_tag]
        refused = isinstance(method, pika.spec.Basic.Nack)
        for tag in tags:
            message, published = self.waiting.pop(tag, (None, 0))
            if message is None:
                continue
            if refused or message in self.returned:
                self.returned.discard(message)
                self.drill.refused += 1
                self.pending.append(message)
            else:
                self.confirm(message, published, now)
        if refused and self.channel:
            self.renew_channel()

    def confirm(self, message, published, now):
        self.drill.confirmed.add(message)
        self.note_gap(now)
        self.prove(published, now)


class Consumer(Client):
    """Consumes one queue and acknowledges by hand."""

    def set_up(self, channel):
        channel.add_on_cancel_callback(lambda _frame: self.renew_channel())
        channel.basic_qos(prefetch_count=50)
        channel.basic_consume(
            self.queue, self.on_message, callback=lambda _frame: self.is_up(time.monotonic()))

    def on_message(self, channel, method, properties, _body):
        self.drill.consumed[properties.message_id] += 1
        channel.basic_ack(method.delivery_tag)
        now = time.monotonic()
        self.note_gap(now)
        self.prove(properties.headers["published_us"] / 1e6, now)


class Clients:
    """All clients of this process, and their account."""

    def __init__(self, options):
        self.options = options
        self.loop = IOLoop()
        self.interval = 1 / options.rate
        self.confirmed = set()
        self.consumed = collections.Counter()
        self.refused = 0
        self.renewed_channels = 0
        self.mark = float("inf")
        self.stopping = False
        self.progress = (0, 0.0)
        self.input = b""
        queues = (rabbit.MIRRORED_QUEUE, rabbit.QUORUM_QUEUE)
        self.publishers = [
            Publisher(self, f"p{i}", queues[i % 2]) for i in range(options.publishers)]
        self.consumers = [Consumer(self, f"c{i}", queues[i % 2]) for i in range(options.consumers)]

    def run(self):
        os.set_blocking(0, False)
        self.loop.add_handler(0, self.on_command, self.loop.READ)
        self.loop.call_later(0.2, self.on_tick)
        self.loop.start()

    def on_command(self, _fd, _events):
        data = os.read(0, 4096)
        if not data:    # whoever started us is gone
            self.loop.stop()
            return
        *lines, self.input = (self.input + data).split(b"\n")
        for line in lines:
            words = line.split()
            if words[0] == b"mark":
                self.mark = float(words[1])
                for client in self.publishers + self.consumers:
                    client.proved = False
            elif words[0] == b"stop":
                self.stopping = True
                self.progress = (0, time.monotonic())

    def on_tick(self):
        now = time.monotonic()
        up = sum(client.ready for client in self.publishers + self.consumers)
        emit("tick", t=now, confirmed=len(self.confirmed), consumed=len(self.consumed), up=up)
        if self.stopping and self.drained(now):
            emit("account", **self.account())
            self.loop.stop()
        else:
            self.loop.call_later(0.2, self.on_tick)

    def drained(self, now):
        """All is confirmed and consumed; or nothing has come for so long that nothing will."""
        missing = self.confirmed - self.consumed.keys()
        if not missing and all(publisher.settled() for publisher in self.publishers):
            return True
        progress = len(self.consumed) + len(self.confirmed)
        if progress != self.progress[0]:
            self.progress = (progress, now)
        return now - self.progress[1] > DRAIN_QUIET_S

    def account(self):
        lost = sorted(self.confirmed - self.consumed.keys())
        return {
            "confirmed": len(self.confirmed), "consumed": len(self.consumed), "lost": len(lost), "lost_ids": lost[:20],
            "duplicated": sum(1 for count in self.consumed.values() if count > 1),
            "unsettled": sum(not publisher.settled() for publisher in self.publishers),
            "refused": self.refused, "renewed_channels": self.renewed_channels,
            "gaps": {client.name: client.gaps for client in self.publishers + self.consumers},
        }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--target", required=True)
    parser.add_argument("--port", type=int, default=5672)
    parser.add_argument("--publishers", type=int, default=8)
    parser.add_argument("--consumers", type=int, default=4)
    parser.add_argument("--rate", type=float, default=20, help="messages per second of each publisher")
    parser.add_argument("--heartbeat", type=int, default=4)
    Clients(parser.parse_args()).run()


if __name__ == "__main__":
    main()
