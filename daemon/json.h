// SPDX-License-Identifier: MIT
// Writes and reads the JSON of a recording: each line is a flat object of strings and whole numbers.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace devshmd {

/// Appends `text` as a JSON string. Bytes that are not UTF-8 become \udc80 to \udcff, as Python writes them
/// (surrogateescape): the name of a file can be any bytes, and they come back unchanged.
void append_json(std::string& out, std::string_view text);

/// Returns the members of such a line, with numbers as text, or nothing if it is anything else.
std::optional<std::map<std::string, std::string>> parse_json_line(std::string_view line);

}  // namespace devshmd
