// SPDX-License-Identifier: BSD-3-Clause
// A text about thousands of servers, made in steps, so that whoever makes it can do other things
// between two of them. A step looks at the facts anew and keeps no part of them; a reload between
// two is no harm, but begins the text anew (http/makings.h).
#pragma once

#include <string>

#include "metrics/facts.h"

namespace warren::metrics {

// Of a step, about: two milliseconds. Each also looks once at who shares ports, over all servers.
inline constexpr std::size_t servers_per_step = 96;

class Document {
  public:
    Document() = default;
    virtual ~Document() = default;
    Document(const Document&) = delete;
    Document& operator=(const Document&) = delete;

    // Whether there is more to do.
    virtual bool step(const Facts& facts) = 0;
    // When there is not.
    virtual std::string take() = 0;
};

}  // namespace warren::metrics
