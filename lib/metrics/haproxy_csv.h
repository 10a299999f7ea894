// SPDX-License-Identifier: BSD-3-Clause
// HAProxy's `show stat` (2.6, management.txt 9.1) of our services, for check_haproxy, Zabbix,
// Datadog and whoever else reads that: a FRONTEND, the servers and a BACKEND for each. Columns that
// mean nothing here are empty. Pure.
#pragma once

#include <string>
#include <utility>

#include "metrics/document.h"
#include "metrics/pool_rows.h"

namespace warren::metrics {

class HaproxyCsv : public Document {
  public:
    HaproxyCsv();

    bool step(const Facts& facts) override;
    std::string take() override { return std::move(text_); }

  private:
    PoolWalk walk_;
    std::string text_, servers_;        // of the services before; of this one so far
    std::size_t number_ = 2, sid_ = 0;  // as HAProxy numbers them
};

}  // namespace warren::metrics
