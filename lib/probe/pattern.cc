// SPDX-License-Identifier: BSD-3-Clause
#include "probe/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace warren::probe {
namespace {

constexpr std::uint32_t most_steps = 200'000;  // about 10 ms
constexpr std::uint32_t most_heap_kib = 1'024;

constexpr std::pair<std::string_view, std::uint32_t> option_names[] = {
    {"allow_empty_class", PCRE2_ALLOW_EMPTY_CLASS},
    {"alt_bsux", PCRE2_ALT_BSUX},
    {"auto_callout", PCRE2_AUTO_CALLOUT},
    {"caseless", PCRE2_CASELESS},
    {"dollar_endonly", PCRE2_DOLLAR_ENDONLY},
    {"dotall", PCRE2_DOTALL},
    {"dupnames", PCRE2_DUPNAMES},
    {"extended", PCRE2_EXTENDED},
    {"firstline", PCRE2_FIRSTLINE},
    {"match_unset_backref", PCRE2_MATCH_UNSET_BACKREF},
    {"multiline", PCRE2_MULTILINE},
    {"never_ucp", PCRE2_NEVER_UCP},
    {"never_utf", PCRE2_NEVER_UTF},
    {"no_auto_capture", PCRE2_NO_AUTO_CAPTURE},
    {"no_auto_possess", PCRE2_NO_AUTO_POSSESS},
    {"no_dotstar_anchor", PCRE2_NO_DOTSTAR_ANCHOR},
    {"no_start_optimize", PCRE2_NO_START_OPTIMIZE},
    {"ucp", PCRE2_UCP},
    {"ungreedy", PCRE2_UNGREEDY},
    {"utf", PCRE2_UTF},
    {"never_backslash_c", PCRE2_NEVER_BACKSLASH_C},
    {"alt_circumflex", PCRE2_ALT_CIRCUMFLEX},
    {"alt_verbnames", PCRE2_ALT_VERBNAMES},
    {"use_offset_limit", PCRE2_USE_OFFSET_LIMIT},
};

template <auto release>
struct Release {
    void operator()(auto* owned) const { release(owned); }
};
template <typename Owned, auto release>
using Owner = std::unique_ptr<Owned, Release<release>>;

std::string message_of(int error) {
    std::array<PCRE2_UCHAR, 256> text{};
    pcre2_get_error_message(error, text.data(), text.size());
    return reinterpret_cast<const char*>(text.data());
}

}  // namespace

std::optional<std::uint32_t> pattern_option(std::string_view name) {
    const auto* found = std::find_if(std::begin(option_names), std::end(option_names),
                                     [&](const auto& option) { return option.first == name; });
    if (found == std::end(option_names)) return std::nullopt;
    return found->second;
}

struct Pattern::Compiled {
    Owner<pcre2_code, pcre2_code_free> code;
    Owner<pcre2_match_data, pcre2_match_data_free> found;
    Owner<pcre2_jit_stack, pcre2_jit_stack_free> stack;
    Owner<pcre2_match_context, pcre2_match_context_free> limits;

    void prepare(const PatternText& text) {
        pcre2_jit_compile(code.get(), PCRE2_JIT_COMPLETE);  // without it the interpreter matches
        found.reset(pcre2_match_data_create_from_pattern(code.get(), nullptr));
        limits.reset(pcre2_match_context_create(nullptr));
        pcre2_set_match_limit(limits.get(), most_steps);
        pcre2_set_heap_limit(limits.get(), most_heap_kib);
        if (text.stack_max == 0) return;
        stack.reset(pcre2_jit_stack_create(text.stack_start, text.stack_max, nullptr));
        pcre2_jit_stack_assign(limits.get(), nullptr, stack.get());
    }
};

Pattern::Pattern(const PatternText& text)
    : min_offset_(text.min_offset),
      max_offset_(text.max_offset),
      compiled_(std::make_unique<Compiled>()) {
    std::uint32_t options = 0;
    for (const std::string& name : text.options)
        options |= pattern_option(name).value_or(0);
    int error = 0;
    PCRE2_SIZE where = 0;
    compiled_->code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.regex.data()),
                                        text.regex.size(), options, &error, &where, nullptr));
    if (compiled_->code)
        compiled_->prepare(text);
    else
        problem_ = message_of(error) + " at offset " + std::to_string(where);
}

Pattern::~Pattern() = default;
Pattern::Pattern(Pattern&&) noexcept = default;

bool Pattern::matches(std::string_view subject) const {
    if (!compiled_->code || min_offset_ > subject.size()) return false;
    const int groups = pcre2_match(compiled_->code.get(),
                                   reinterpret_cast<PCRE2_SPTR>(subject.data()), subject.size(),
                                   min_offset_, 0, compiled_->found.get(), compiled_->limits.get());
    if (groups < 0) return false;
    const PCRE2_SIZE begin = pcre2_get_ovector_pointer(compiled_->found.get())[0];
    return max_offset_ == 0 || begin < max_offset_;
}

}  // namespace warren::probe
