// SPDX-License-Identifier: BSD-3-Clause
// Servers on loopback for checks that talk: they say one answer a connection, in turn, once a
// client has said something that ends in an empty line, and end the connection.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "health/target.h"

namespace warren::testing_support {

namespace asio = boost::asio;
using asio::ip::tcp;

inline health::Target loopback_target(std::uint16_t port) {
    return {.address = net::IpAddress::v4(127, 0, 0, 1), .port = port};
}

// Nobody listens there.
inline health::Target closed_target(asio::io_context& io) {
    tcp::acceptor once(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    return loopback_target(once.local_endpoint().port());
}

class LoopbackAcceptor {
  public:
    explicit LoopbackAcceptor(asio::io_context& io)
        : acceptor_(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {}
    virtual ~LoopbackAcceptor() = default;

    health::Target target() const { return loopback_target(acceptor_.local_endpoint().port()); }

  protected:
    void accept() {
        acceptor_.async_accept([this](boost::system::error_code error, tcp::socket socket) {
            if (error) return;
            serve(std::move(socket));
            accept();
        });
    }
    virtual void serve(tcp::socket socket) = 0;

  private:
    tcp::acceptor acceptor_;
};

class TextServer : public LoopbackAcceptor {
  public:
    // The last answer is everybody's who comes later.
    TextServer(asio::io_context& io, std::vector<std::string> replies)
        : LoopbackAcceptor(io), answers(std::move(replies)) {
        accept();
    }

    std::vector<std::string> answers;
    std::vector<std::string> heard;

  private:
    void serve(tcp::socket socket) override {
        auto client = std::make_shared<tcp::socket>(std::move(socket));
        auto input = std::make_shared<std::string>();
        asio::async_read_until(*client, asio::dynamic_buffer(*input), "\r\n\r\n",
                               [this, client, input](boost::system::error_code error, std::size_t) {
                                   if (error) return;
                                   auto answer = std::make_shared<std::string>(
                                       answers[std::min(heard.size(), answers.size() - 1)]);
                                   heard.push_back(*input);
                                   asio::async_write(
                                       *client, asio::buffer(*answer),
                                       [client, answer](boost::system::error_code, std::size_t) {});
                               });
    }
};

// Signed by itself, for warren.test.
struct OwnCertificate {
    std::string certificate_file, key_file;

    OwnCertificate() {
        EVP_PKEY* key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
        X509* certificate = X509_new();
        X509_set_version(certificate, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
        X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
        X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
        X509_set_pubkey(certificate, key);
        X509_NAME* name = X509_get_subject_name(certificate);
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>("warren.test"), -1, -1,
                                   0);
        X509_set_issuer_name(certificate, name);
        X509_EXTENSION* names =
            X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:warren.test");
        X509_add_ext(certificate, names, -1);
        X509_EXTENSION_free(names);
        X509_sign(certificate, key, EVP_sha256());
        certificate_file = write([&](FILE* file) { PEM_write_X509(file, certificate); });
        key_file = write([&](FILE* file) {
            PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
        });
        X509_free(certificate);
        EVP_PKEY_free(key);
    }
    ~OwnCertificate() {
        unlink(certificate_file.c_str());
        unlink(key_file.c_str());
    }
    OwnCertificate(const OwnCertificate&) = delete;
    OwnCertificate& operator=(const OwnCertificate&) = delete;

  private:
    template <typename Write>
    static std::string write(Write content) {
        std::string path = "/tmp/warren_certificate_XXXXXX";
        FILE* file = fdopen(mkstemp(path.data()), "w");
        content(file);
        fclose(file);
        return path;
    }
};

class TlsTextServer : public LoopbackAcceptor {
  public:
    enum class Ending { close_notify, cut };

    TlsTextServer(asio::io_context& io, std::vector<std::string> replies,
                  Ending ending = Ending::close_notify)
        : LoopbackAcceptor(io), answers(std::move(replies)), ending_(ending) {
        context_.use_certificate_file(own_.certificate_file, asio::ssl::context::pem);
        context_.use_private_key_file(own_.key_file, asio::ssl::context::pem);
        SSL_CTX_set_tlsext_servername_callback(context_.native_handle(), note_name);
        SSL_CTX_set_tlsext_servername_arg(context_.native_handle(), this);
        accept();
    }
    const std::string& certificate_file() const { return own_.certificate_file; }

    std::vector<std::string> answers;
    std::vector<std::string> heard;
    std::vector<std::string> server_names;

  private:
    using Stream = asio::ssl::stream<tcp::socket>;
    struct Client {
        Stream stream;
        std::string input = {}, output = {};
    };

    static int note_name(SSL* ssl, int*, void* self) {
        if (const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name))
            static_cast<TlsTextServer*>(self)->server_names.emplace_back(name);
        return SSL_TLSEXT_ERR_OK;
    }
    void serve(tcp::socket socket) override {
        auto client = std::make_shared<Client>(Client{Stream(std::move(socket), context_)});
        client->stream.async_handshake(asio::ssl::stream_base::server,
                                       [this, client](boost::system::error_code error) {
                                           if (!error) read(client);
                                       });
    }
    void read(const std::shared_ptr<Client>& client) {
        asio::async_read_until(client->stream, asio::dynamic_buffer(client->input), "\r\n\r\n",
                               [this, client](boost::system::error_code error, std::size_t) {
                                   if (!error) answer(client);
                               });
    }
    void answer(const std::shared_ptr<Client>& client) {
        client->output = answers[std::min(heard.size(), answers.size() - 1)];
        heard.push_back(client->input);
        asio::async_write(client->stream, asio::buffer(client->output),
                          [this, client](boost::system::error_code, std::size_t) {
                              if (ending_ == Ending::close_notify)
                                  client->stream.async_shutdown([client](const auto&) {});
                          });
    }

    OwnCertificate own_;
    asio::ssl::context context_{asio::ssl::context::tls_server};
    Ending ending_;
};

}  // namespace warren::testing_support
