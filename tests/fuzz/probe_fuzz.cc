// SPDX-License-Identifier: BSD-3-Clause
// Servers' answers from anywhere, in pieces of any size: the first byte picks the reader, the
// second the size of the pieces. A reader never holds more than its bound, ends once, and what it
// accepts is what it says.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "probe/dns_message.h"
#include "probe/hex_pattern.h"
#include "probe/http_judge.h"
#include "probe/http_reply.h"
#include "probe/smtp_dialogue.h"

namespace {

using namespace warren;

void require(bool holds) {
    if (!holds) std::abort();
}

void read_http(std::string_view text, std::size_t piece) {
    probe::HttpReplyReader reader;
    for (std::size_t at = 0; at < text.size(); at += piece)
        reader.take(text.substr(at, piece));
    reader.end();
    require(reader.is_done());
    const probe::HttpReply& reply = reader.reply();
    require(reply.body.size() <= probe::HttpReplyReader::most_body_bytes);
    require(reply.raw_body.size() <= text.size() && reply.body.size() <= text.size());
    if (reader.problem().empty()) require(reply.status <= 999);
    static_cast<void>(judge({}, reply));
}

void talk_smtp(std::string_view text, std::size_t piece) {
    probe::SmtpDialogue dialogue("h");
    int sent = 0;
    for (std::size_t at = 0; at < text.size(); at += piece)
        if (!dialogue.receive(text.substr(at, piece)).empty()) ++sent;
    require(sent <= 2);
    if (dialogue.is_over() && dialogue.problem().empty()) require(sent == 2);
}

void read_dns(const std::vector<std::uint8_t>& bytes) {
    const auto rcode = probe::dns_rcode(0x0102, bytes);
    if (!rcode) return;
    require(bytes.size() >= 12 && *rcode <= 15 && !probe::dns_rcode_name(*rcode).empty());
}

void read_hex(std::string_view text, const std::vector<std::uint8_t>& bytes) {
    const auto pattern = probe::read_hex(text, true);
    if (!pattern) return;
    require(pattern->bytes.size() == pattern->mask.size() && !pattern->bytes.empty());
    require(matches(*pattern, pattern->bytes));
    static_cast<void>(matches(*pattern, bytes));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    // A buffer of exactly this size, so that the sanitizer sees one byte too far.
    std::vector<std::uint8_t> bytes(data + 2, data + size);
    bytes.shrink_to_fit();
    const std::string text(bytes.begin(), bytes.end());
    const std::size_t piece = std::max<std::size_t>(data[1], 1);
    switch (data[0] % 4) {
        case 0:
            read_http(text, piece);
            break;
        case 1:
            talk_smtp(text, piece);
            break;
        case 2:
            read_dns(bytes);
            break;
        default:
            read_hex(text, bytes);
    }
    return 0;
}
