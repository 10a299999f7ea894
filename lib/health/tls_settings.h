// SPDX-License-Identifier: BSD-3-Clause
// The `tls` block of a check: how the server proves who it is.
#pragma once

#include <optional>
#include <string>

#include "net/address.h"

namespace warren::health {

struct TlsOptions;

struct TlsSettings {
    std::string ca_file = {};      // PEM; empty: the authorities that the system trusts
    std::string server_name = {};  // SNI, and in the certificate; empty: the server's address
    bool verify = true;
    std::string cert_file = {};  // ours, for servers that ask for one; PEM
    std::string key_file = {};   // empty: in cert_file
};

// Reads the files anew, so that a changed one counts from the next connection on; nothing: one
// cannot be read.
std::optional<TlsOptions> tls_options(const TlsSettings& settings, const net::IpAddress& server,
                                      std::string& problem);

}  // namespace warren::health
