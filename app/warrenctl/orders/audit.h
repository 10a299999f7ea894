// SPDX-License-Identifier: BSD-3-Clause
// `warrenctl audit`: what a RabbitMQ cluster would lose if a node died now (lib/rabbitmq/audit.h).
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "asking/management.h"
#include "rows/output.h"

namespace warren::ctl {

struct AuditOptions {
    ManagementLogin login;
    std::vector<std::string> vips;  // where nodes see clients come from
};

// 0: clean, 1: findings, 2: not all could be asked, which is said on `errors`.
int audit(const AuditOptions& options, const Output& output, std::ostream& errors);

}  // namespace warren::ctl
