#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Policies under which a RabbitMQ cluster (up to 3.13) keeps every message that it confirmed. Run on any node.
#
# By default ha-promote-on-failure is `always`: a crash may then promote a mirror that is not synchronised, and
# messages that were confirmed are gone. `when-synced` rather leaves the queue without a leader until its node is back.
# Quorum queues need none of this; they ignore the ha- keys.
set -eu
RABBITMQCTL=${RABBITMQCTL:-rabbitmqctl}
VHOST=${1:-/}

# Every queue but the server's own: mirrored on all nodes, new mirrors catch up by themselves.
"$RABBITMQCTL" set_policy --vhost "$VHOST" --priority 0 --apply-to queues warren-ha '^(?!amq\.).*' \
    '{"ha-mode":"all","ha-sync-mode":"automatic","ha-promote-on-failure":"when-synced","ha-promote-on-shutdown":"when-synced"}'
