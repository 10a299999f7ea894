// SPDX-License-Identifier: BSD-3-Clause
#include "telemetry/commands.h"

#include <rte_telemetry.h>

#include <boost/asio/post.hpp>
#include <chrono>
#include <future>
#include <mutex>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "views/pages.h"

namespace warren::telemetry {
namespace {

constexpr std::string_view prefix = "/warren/show/";

// Telemetry's callbacks carry no pointer of ours, so the way to the manager has one known place.
class Desk {
  public:
    static Desk& instance() {
        static Desk desk;
        return desk;
    }

    void open(boost::asio::io_context& io, Commands::Handler handler) {
        const std::lock_guard lock(mutex_);
        io_ = &io;
        handler_ = std::make_shared<Commands::Handler>(std::move(handler));
    }
    void close() {
        const std::lock_guard lock(mutex_);
        io_ = nullptr;
        handler_.reset();
    }

    std::string ask(const std::string& view, const std::string& cursor) {
        auto promise = std::make_shared<std::promise<std::string>>();
        std::future<std::string> answer = promise->get_future();
        if (!post(view, cursor, promise)) return views::error_page("warren is stopping");
        const auto patience = std::chrono::milliseconds(Commands::timeout_ms);
        if (answer.wait_for(patience) != std::future_status::ready)
            return views::error_page("the manager did not answer in time");
        try {
            return answer.get();
        } catch (const std::future_error&) {  // dropped without an answer
            return views::error_page("warren is stopping");
        }
    }

  private:
    bool post(const std::string& view, const std::string& cursor,
              const std::shared_ptr<std::promise<std::string>>& promise) {
        const std::lock_guard lock(mutex_);
        if (io_ == nullptr) return false;
        boost::asio::post(*io_, [work = handler_, view, cursor, promise] {
            (*work)(view, cursor,
                    [promise](std::string page) { promise->set_value(std::move(page)); });
        });
        return true;
    }

    std::mutex mutex_;
    boost::asio::io_context* io_ = nullptr;
    std::shared_ptr<Commands::Handler> handler_;
};

int on_command(const char* verb, const char* parameters, rte_tel_data* data) {
    const std::string view = std::string(verb).substr(prefix.size());
    const std::string cursor = parameters == nullptr ? "" : parameters;
    return rte_tel_data_string(data, Desk::instance().ask(view, cursor).c_str());
}

}  // namespace

Commands::Commands(boost::asio::io_context& io, const std::vector<std::string>& view_names,
                   Handler on_question) {
    Desk::instance().open(io, std::move(on_question));
    for (const std::string& view : view_names) {
        const std::string verb = std::string(prefix) + view;
        const std::string help = "One page of " + view + ". Parameter: the cursor of a later page";
        if (rte_telemetry_register_cmd(verb.c_str(), on_command, help.c_str()) < 0)
            throw std::runtime_error("cannot register the telemetry verb " + verb);
    }
}

Commands::~Commands() {
    Desk::instance().close();
}

}  // namespace warren::telemetry
