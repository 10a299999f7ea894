// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "net/address.h"

namespace warren::testing_support {

// Of a text that is an address; throws otherwise.
inline net::IpAddress ip(const char* text) {
    return net::IpAddress::parse(text).value();
}

}  // namespace warren::testing_support
