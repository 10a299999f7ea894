// SPDX-License-Identifier: BSD-3-Clause
// The keywords of global_defs that say who hears of state changes.
#pragma once

#include "config/notices.h"
#include "schema/keywords.h"

namespace warren::schema {

void add_fifo_keywords(BlockReader& reader, config::NotifyFifos& fifos);
void add_mail_keywords(BlockReader& reader, config::Mail& mail);
// What does not go together, once the block has been read.
void check_fifos(SchemaContext& context, config::NotifyFifos& fifos);

}  // namespace warren::schema
