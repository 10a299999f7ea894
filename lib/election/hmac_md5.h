// SPDX-License-Identifier: BSD-3-Clause
// HMAC-MD5-96 (RFC 2403) by OpenSSL for VRRP's authentication header. No heap: it runs on the
// control lcore for each advert.
#pragma once

#include "vrrp/ah.h"

namespace warren::election {

class HmacMd5 : public vrrp::HmacMd5_96 {
  public:
    vrrp::Icv operator()(net::ConstBytes key, net::ConstBytes text) override;
};

}  // namespace warren::election
