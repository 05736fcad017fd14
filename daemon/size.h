// SPDX-License-Identifier: MIT
// Parses and shows sizes as people write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace devshmd {

/// Parses "65536", "64K", "64M", "1g", "2T", and with `of` also "50%" of that.
std::optional<std::uint64_t> parse_size(std::string_view text, std::uint64_t of = 0);
std::string show_size(std::uint64_t bytes);  ///< "64 MiB"

}  // namespace devshmd
