// SPDX-License-Identifier: MIT
#include "size.h"

#include <fmt/format.h>

#include <charconv>
#include <iterator>

namespace devshmd {

std::optional<std::uint64_t> parse_size(std::string_view text, std::uint64_t of) {
  std::uint64_t number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  const std::string_view unit(rest, static_cast<std::size_t>(text.data() + text.size() - rest));
  if (unit.empty()) return number;
  if (unit == "%" && of != 0) {
    if (number > 100) return std::nullopt;
    return of / 100 * number + of % 100 * number / 100;
  }
  if (unit.size() != 1) return std::nullopt;
  constexpr std::string_view units = "kmgt";
  const std::size_t power = units.find(static_cast<char>(unit[0] | 0x20));
  if (power == std::string_view::npos) return std::nullopt;
  const unsigned shift = 10 * (static_cast<unsigned>(power) + 1);
  if (number > (UINT64_MAX >> shift)) return std::nullopt;
  return number << shift;
}

std::string show_size(std::uint64_t bytes) {
  const char* units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  auto value = static_cast<double>(bytes);
  while (value >= 1024 && unit + 1 < std::size(units)) value /= 1024, ++unit;
  const bool whole = value == static_cast<double>(static_cast<std::uint64_t>(value));
  return whole ? fmt::format("{} {}", static_cast<std::uint64_t>(value), units[unit])
               : fmt::format("{:.1f} {}", value, units[unit]);
}

}  // namespace devshmd
