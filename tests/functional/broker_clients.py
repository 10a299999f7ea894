#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A round trip of messages through a RabbitMQ node in one of its protocols; exit status 0 if all came back as they were sent.

    broker_clients.py amqp ADDRESS PORT        persistent messages with confirms, through a durable queue
    broker_clients.py amqps ADDRESS PORT CA    the same over TLS; the server must prove by a certificate of CA that it is ADDRESS
    broker_clients.py mqtt ADDRESS PORT        quality of service 1 in both directions
    broker_clients.py stream ADDRESS PORT      RabbitMQ streams; prints where the broker sends clients
"""

import os
import queue
import ssl
import sys

import harness  # noqa: F401  (it sets the path of what comes next)
import paho.mqtt.client
import pika
from stream_client import StreamClient

from warrenlab import rabbit

PATIENCE_S = 10
SEGMENT = 1460
MESSAGES = [os.urandom(size) for size in (1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 100_000, *range(50, 5000, 100))]
LARGE = os.urandom(2_000_000)    # more than a frame of AMQP


def amqp(address, port, tls=None):
    parameters = pika.ConnectionParameters(
        address, int(port), credentials=pika.PlainCredentials(*rabbit.LOGIN), connection_attempts=1, socket_timeout=PATIENCE_S,
        ssl_options=tls)
    sent, received = [*MESSAGES, LARGE], []
    name = f"queue {address} {port}"
    with pika.BlockingConnection(parameters) as connection:
        channel = connection.channel()
        channel.queue_declare(name, durable=True)
        channel.confirm_delivery()    # publishing returns when the broker has confirmed
        for body in sent:
            channel.basic_publish("", name, body, pika.BasicProperties(delivery_mode=2), mandatory=True)
        for method, properties, body in channel.consume(name, inactivity_timeout=PATIENCE_S):
            assert method is not None, f"only {len(received)} of {len(sent)} messages came"
            assert properties.delivery_mode == 2
            channel.basic_ack(method.delivery_tag)
            received.append(body)
            if len(received) == len(sent):
                break
    return sent, received


def amqps(address, port, authority):
    return amqp(address, port, pika.SSLOptions(ssl.create_default_context(cafile=authority), server_hostname=address))


def mqtt(address, port):
    received, events = queue.Queue(), queue.Queue()
    client = paho.mqtt.client.Client(f"client {address}")
    client.username_pw_set(*rabbit.LOGIN)
    client.on_connect = lambda _client, _data, _flags, code: events.put(("connected", code))
    client.on_subscribe = lambda _client, _data, _id, granted: events.put(("granted", granted[0]))
    client.on_message = lambda _client, _data, message: received.put((message.qos, message.payload))
    client.connect(address, int(port), keepalive=PATIENCE_S)
    client.loop_start()
    try:
        assert (event := events.get(timeout=PATIENCE_S)) == ("connected", 0), event
        client.subscribe("warren/test", qos=1)
        assert (event := events.get(timeout=PATIENCE_S)) == ("granted", 1), event
        for body in MESSAGES:
            client.publish("warren/test", body, qos=1).wait_for_publish(PATIENCE_S)
        return [(1, body) for body in MESSAGES], [received.get(timeout=PATIENCE_S) for _ in MESSAGES]
    finally:
        client.disconnect()
        client.loop_stop()


def stream(address, port):
    name = f"stream {address}"
    with StreamClient(address, int(port), *rabbit.LOGIN, patience=PATIENCE_S) as client:
        client.create(name)
        print(*client.brokers(name))
        client.publish(name, MESSAGES)
        return MESSAGES, client.read(name, len(MESSAGES))


def main():
    what, *words = sys.argv[1:]
    sent, received = {"amqp": amqp, "amqps": amqps, "mqtt": mqtt, "stream": stream}[what](*words)
    if received != sent:
        sys.exit(f"{len(received)} messages came back of {len(sent)}, or others than were sent")


if __name__ == "__main__":
    main()
