// SPDX-License-Identifier: BSD-3-Clause
// Numbers as people read them.
#pragma once

#include <cstdint>
#include <string>

namespace warren::ctl {

std::string bytes_text(std::uint64_t bytes);  // "1.2 MB" (powers of 1000)
std::string duration_text(std::uint64_t ms);  // "340 ms", "2m10s", "3d4h"
std::string interval_text(double ms);         // "6.1 ms", "250 ms", "3.61 s", "1m30s"
std::string latency_text(std::uint64_t us);   // "85 us", "3.4 ms", "1.2 s"
std::string percent_text(double share);       // "12.5 %"
std::string count_text(std::uint64_t n);      // "1,234,567"
std::string counted(std::uint64_t n, const std::string& what);  // "1 connection", "2 connections"
std::string decimal_text(double value);                         // "1", "1.5", "0.125"

}  // namespace warren::ctl
