# SPDX-License-Identifier: BSD-3-Clause
"""The durable exchange and queues of the lab. Run on the client host: `python3 -m warrenlab.topology NODE-ADDRESS`."""

import sys

import pika

from . import rabbit

EXCHANGE = "lab"


def declare(address):
    """Declares everything at one node and waits for its answers. All of it is durable."""
    parameters = pika.ConnectionParameters(
        address, credentials=pika.PlainCredentials(*rabbit.LOGIN), connection_attempts=5, retry_delay=0.5)
    with pika.BlockingConnection(parameters) as connection:
        channel = connection.channel()
        channel.exchange_declare(EXCHANGE, exchange_type="direct", durable=True)
        channel.queue_declare(rabbit.MIRRORED_QUEUE, durable=True)    # mirrored by policy
        channel.queue_declare(rabbit.QUORUM_QUEUE, durable=True, arguments={
            "x-queue-type": "quorum", "x-quorum-initial-group-size": len(rabbit.NODES)})
        for queue in (rabbit.MIRRORED_QUEUE, rabbit.QUORUM_QUEUE):
            channel.queue_bind(queue, EXCHANGE, routing_key=queue)


if __name__ == "__main__":
    declare(sys.argv[1])
