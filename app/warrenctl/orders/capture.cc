// SPDX-License-Identifier: BSD-3-Clause
#include "orders/capture.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "asking/telemetry.h"
#include "past/ended.h"
#include "text/hints.h"

namespace warren::ctl {
namespace {

constexpr const char* socket_name = "warren_capture";
constexpr std::size_t most_message_bytes = 65'536;
constexpr std::array<const char*, 5> filters{"client", "server", "service", "port", "drops"};

class Descriptor {
  public:
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor() {
        if (fd_ > STDERR_FILENO) close(fd_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    int get() const { return fd_; }

  private:
    int fd_;
};

std::runtime_error failure(const std::string& what) {
    return std::runtime_error(what + ": " + std::strerror(errno));
}

int open_output(const std::string& file) {
    if (file == "-") return STDOUT_FILENO;
    constexpr mode_t owners = 0600;  // it has what clients say
    const int fd = open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, owners);
    if (fd < 0) throw failure(file);
    return fd;
}

void write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) throw failure("the capture cannot be written");
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
}

// SIGINT and SIGTERM as something to wait for, as long as it lasts.
class Signals {
  public:
    Signals() : fd_(open()) {}
    ~Signals() { sigprocmask(SIG_SETMASK, &before_, nullptr); }
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    int get() const { return fd_.get(); }

  private:
    int open() {
        sigset_t wanted;
        sigemptyset(&wanted);
        sigaddset(&wanted, SIGINT);
        sigaddset(&wanted, SIGTERM);
        sigprocmask(SIG_BLOCK, &wanted, &before_);
        return signalfd(-1, &wanted, SFD_CLOEXEC);
    }

    sigset_t before_{};
    Descriptor fd_;
};

// What the daemon sends, until it has no more. The first byte says what a message is.
class Reception {
  public:
    Reception(int socket, std::string file, std::ostream& err)
        : socket_(socket), file_(std::move(file)), err_(err), message_(most_message_bytes) {}

    // False: it was refused, or broke off.
    bool run() {
        const Signals signals;
        for (;;) {
            std::array<pollfd, 2> waiting{{{socket_, POLLIN, 0}, {signals.get(), POLLIN, 0}}};
            if (poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR)
                throw failure("poll");
            if (waiting[1].revents != 0) stop(signals.get());
            if (waiting[0].revents != 0 && !take()) return is_complete_;
        }
    }

  private:
    // Once: the daemon sends what it has left. A second time: at once.
    void stop(int signals) {
        signalfd_siginfo taken{};
        if (read(signals, &taken, sizeof(taken)) < 0) return;
        if (is_stopped_) throw std::runtime_error("interrupted");
        is_stopped_ = true;
        shutdown(socket_, SHUT_WR);
    }
    // False: nothing comes any more.
    bool take() {
        const ssize_t size = recv(socket_, message_.data(), message_.size(), 0);
        if (size <= 0) {
            if (!is_complete_ && !is_told_) err_ << "warrenctl: warren has ended the capture\n";
            return false;
        }
        const std::string_view text(message_.data() + 1, static_cast<std::size_t>(size) - 1);
        if (message_[0] == 'd') write(text);
        if (message_[0] == 'r') {
            is_complete_ = true;
            err_ << text << '\n';
        }
        if (message_[0] == 'u') throw NotUnderstood(std::string(text));
        if (message_[0] == 'e') {
            is_told_ = true;
            err_ << "warrenctl: " << text << '\n';
        }
        return true;
    }

    // What was there is lost when there is something new, not before.
    void write(std::string_view bytes) {
        if (!output_) output_.emplace(open_output(file_));
        write_all(output_->get(), bytes);
    }

    const int socket_;
    const std::string file_;
    std::optional<Descriptor> output_;
    std::ostream& err_;
    std::vector<char> message_;
    bool is_stopped_ = false, is_complete_ = false, is_told_ = false;
};

void add_number(std::string& request, const char* name, std::uint64_t number) {
    if (number != 0) request += std::string(" ") + name + ' ' + std::to_string(number);
}

// Not `drops`, which is none with a word behind it.
bool is_filter(const std::string& word) {
    return std::find(filters.begin(), filters.end() - 1, word) != filters.end() - 1;
}

// `drops` need not say which.
bool has_reason(const std::vector<std::string>& words, std::size_t at) {
    return at + 1 < words.size() && !is_filter(words[at + 1]);
}

bool names_an_end(const std::string& word) {
    try {
        read_end(word);
        return true;
    } catch (const std::invalid_argument&) {
        return false;
    }
}

// `trace CLIENT` is short for `trace client CLIENT`, `capture VIP:PORT` for `capture service
// VIP:PORT`.
std::vector<std::string> whole(std::vector<std::string> words) {
    const bool is_trace = words[0] == "trace";
    const bool is_alone = is_trace && words.size() == 2 && words[1] != "drops";
    if (is_alone || (words.size() > 1 && names_an_end(words[1])))
        words.insert(words.begin() + 1, is_trace ? "client" : "service");
    return words;
}

}  // namespace

std::vector<std::string> capture_filter_names() {
    return {filters.begin(), filters.end()};
}

std::string capture_problem(const std::vector<std::string>& said) {
    const std::vector<std::string> words = whole(said);
    if (words.size() == 1 && words[0] == "trace") return "trace needs CLIENT or CLIENT:PORT";
    for (std::size_t i = 1; i < words.size(); ++i) {
        if (words[i] == "drops") {
            if (has_reason(words, i)) ++i;
        } else if (!is_filter(words[i])) {
            return unknown_word("word", words[i], capture_filter_names());
        } else if (++i == words.size()) {
            return words[0] + " " + words.back() + " takes a word";
        }
    }
    return {};
}

std::string capture_request(const std::vector<std::string>& said, const CaptureOptions& options) {
    const std::vector<std::string> words = whole(said);
    std::string request = words[0] != "trace" ? "pcapng" : options.is_json ? "trace-json" : "trace";
    for (std::size_t i = 1; i < words.size(); ++i) {
        request += ' ' + words[i];
        if (words[i] == "drops")
            request += has_reason(words, i) ? ' ' + words[++i] : " any";
        else
            request += ' ' + words[++i];
    }
    add_number(request, "packets", options.packets);
    add_number(request, "bytes", options.bytes);
    add_number(request, "seconds", options.seconds);
    add_number(request, "snap", options.snap);
    return request;
}

bool capture(const std::vector<std::string>& words, const CaptureOptions& options,
             std::ostream& err) {
    const Descriptor socket(connect_to(options.instance, socket_name));
    const std::string request = capture_request(words, options);
    if (send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0)
        throw failure("warren has gone");
    return Reception(socket.get(), options.file, err).run();
}

}  // namespace warren::ctl
