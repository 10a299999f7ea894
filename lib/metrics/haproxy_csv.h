// SPDX-License-Identifier: BSD-3-Clause
// HAProxy's `show stat` (2.6, management.txt 9.1) of our services, for check_haproxy, Zabbix,
// Datadog and whoever else reads that: a FRONTEND, the servers and a BACKEND for each. Columns that
// mean nothing here are empty. Pure.
#pragma once

#include <string>

#include "metrics/facts.h"

namespace warren::metrics {

std::string haproxy_csv(const Facts& facts);

}  // namespace warren::metrics
