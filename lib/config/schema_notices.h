// SPDX-License-Identifier: BSD-3-Clause
// The keywords of global_defs that say who hears of state changes.
#pragma once

#include "config/keywords.h"
#include "config/notices.h"

namespace warren::config {

void add_fifo_keywords(BlockReader& reader, NotifyFifos& fifos);
void add_mail_keywords(BlockReader& reader, Mail& mail);
// What does not go together, once the block has been read.
void check_fifos(SchemaContext& context, NotifyFifos& fifos);

}  // namespace warren::config
