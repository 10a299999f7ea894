// SPDX-License-Identifier: BSD-3-Clause
// Records for systemd's journal with fields (systemd.journal-fields(7)), so that `journalctl -p
// err` and `journalctl WARREN_KIND=vrrp` find them and `journalctl -x` explains them:
// conf/warren.catalog has a text for each MESSAGE_ID. In the journal's own datagrams and not by
// sd_journal_send(), which waits for a journal that hangs; what it does not take at once is
// counted, and told when it does.
#pragma once

#include <spdlog/details/console_globals.h>
#include <spdlog/sinks/base_sink.h>

#include <cstdint>
#include <string>

namespace warren::app {

// Whether what is written there goes to the journal: systemd says so with $JOURNAL_STREAM.
bool journal_reads(int fd);

class JournaldSink final
    : public spdlog::sinks::base_sink<spdlog::details::console_mutex::mutex_t> {
  public:
    static constexpr const char* socket_path = "/run/systemd/journal/socket";

    explicit JournaldSink(std::string instance, std::string path = socket_path);
    ~JournaldSink() override;
    JournaldSink(const JournaldSink&) = delete;
    JournaldSink& operator=(const JournaldSink&) = delete;

  protected:
    void sink_it_(const spdlog::details::log_msg& record) override;
    void flush_() override {}

  private:
    bool send(const std::string& datagram) const;

    std::string instance_, path_;
    int fd_;
    std::uint64_t lost_ = 0;
};

}  // namespace warren::app
