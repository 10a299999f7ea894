#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Policies for quorum queues (3.8 and later; the only replicated queues from 4.0 on). Run on any node.
#
# The type of a queue is not a policy's: declare it with x-queue-type=quorum, or set default_queue_type in rabbitmq.conf.
set -eu
RABBITMQCTL=${RABBITMQCTL:-rabbitmqctl}
VHOST=${1:-/}

# A message that is delivered again and again makes room after 20 times instead of blocking its queue for ever; with a
# dead-letter exchange, at-least-once, it is not lost.
"$RABBITMQCTL" set_policy --vhost "$VHOST" --priority 0 --apply-to queues warren-quorum '^(?!amq\.).*' \
    '{"delivery-limit":20,"dead-letter-strategy":"at-least-once","overflow":"reject-publish"}'
