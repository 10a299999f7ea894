# SPDX-License-Identifier: BSD-3-Clause
"""The lab: hosts in network namespaces, a RabbitMQ cluster, two warrens, clients, faults."""
