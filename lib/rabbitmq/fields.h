// SPDX-License-Identifier: BSD-3-Clause
// Single fields of what a management API has answered: a stranger's JSON, where anything may be
// missing or of another type.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "rabbitmq/node_facts.h"

namespace warren::rabbitmq {

using Json = nlohmann::json;

// At most fact_bytes of it; empty for none.
inline std::string text_in(const Json& object, const char* key) {
    const auto found = object.is_object() ? object.find(key) : object.end();
    if (!object.is_object() || found == object.end() || !found->is_string()) return {};
    return found->get_ref<const std::string&>().substr(0, fact_bytes);
}

inline std::optional<bool> truth_in(const Json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_boolean()) return std::nullopt;
    return found->get<bool>();
}

inline std::optional<std::uint64_t> number_in(const Json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_number_unsigned()) return std::nullopt;
    return found->get<std::uint64_t>();
}

}  // namespace warren::rabbitmq
