// SPDX-License-Identifier: BSD-3-Clause
#include "health/tls_settings.h"

#include <boost/asio/ssl/context.hpp>

#include "health/connection.h"

namespace warren::health {
namespace {

std::shared_ptr<boost::asio::ssl::context> verifying_context(const std::string& ca_file) {
    if (!ca_file.empty()) return make_tls_context(ca_file);
    auto context = make_tls_context();
    context->set_default_verify_paths();
    context->set_verify_mode(boost::asio::ssl::verify_peer);
    return context;
}

}  // namespace

std::optional<TlsOptions> tls_options(const TlsSettings& settings, const net::IpAddress& server,
                                      std::string& problem) try {
    TlsOptions options;
    options.context = settings.verify ? verifying_context(settings.ca_file) : make_tls_context();
    options.server_name = settings.server_name.empty() ? server.to_string() : settings.server_name;
    options.verify = settings.verify;
    return options;
} catch (const boost::system::system_error& error) {
    problem = "cannot use " + settings.ca_file + ": " + error.code().message();
    return std::nullopt;
}

}  // namespace warren::health
