// SPDX-License-Identifier: BSD-3-Clause
#include "fields.h"

#include "times.h"
#include "units.h"

namespace warren::ctl {

std::string text(const Json& row, const char* key) {
    const auto found = row.find(key);
    if (found == row.end() || found->is_null()) return "-";
    return found->is_string() ? found->get<std::string>() : found->dump();
}

std::string decimal(const Json& row, const char* key) {
    const auto found = row.find(key);
    return found == row.end() || !found->is_number() ? "-" : decimal_text(found->get<double>());
}

std::string when(const Json& row) {
    const auto found = row.find("wall_ms");
    return found == row.end() || !found->is_number()
               ? "-"
               : local_time(found->get<std::int64_t>(), wall_ms());
}

std::string joined(const Json& list) {
    std::string all;
    for (const Json& item : list)
        all +=
            (all.empty() ? "" : " ") + (item.is_string() ? item.get<std::string>() : item.dump());
    return all.empty() ? "-" : all;
}

std::string joined(const Json& row, const char* key) {
    const auto found = row.find(key);
    return found == row.end() ? "-" : joined(*found);
}

}  // namespace warren::ctl
