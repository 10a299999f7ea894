// SPDX-License-Identifier: BSD-3-Clause
#include "health/tls_settings.h"

#include <openssl/err.h>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <cstdint>
#include <system_error>

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

// Asio has no words for what OpenSSL reports of the system.
std::string words_of(const boost::system::error_code& error) {
    const auto code = static_cast<std::uint32_t>(error.value());
    const bool is_errno =
        error.category() == boost::asio::error::get_ssl_category() && ERR_SYSTEM_ERROR(code);
    return is_errno ? std::generic_category().message(ERR_GET_REASON(code)) : error.message();
}

}  // namespace

std::optional<TlsOptions> tls_options(const TlsSettings& settings, const net::IpAddress& server,
                                      std::string& problem) {
    const std::string* file = &settings.ca_file;
    try {
        TlsOptions options;
        options.context =
            settings.verify ? verifying_context(settings.ca_file) : make_tls_context();
        options.server_name =
            settings.server_name.empty() ? server.to_string() : settings.server_name;
        options.verify = settings.verify;
        if (settings.cert_file.empty()) return options;
        file = &settings.cert_file;
        options.context->use_certificate_chain_file(*file);
        if (!settings.key_file.empty()) file = &settings.key_file;
        options.context->use_private_key_file(*file, boost::asio::ssl::context::pem);
        return options;
    } catch (const boost::system::system_error& error) {
        problem = "cannot use " + *file + ": " + words_of(error.code());
        return std::nullopt;
    }
}

}  // namespace warren::health
