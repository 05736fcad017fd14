// SPDX-License-Identifier: MIT
// The JSON of a recording: one flat object a line, of texts and whole numbers.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace devshmd {

/// Appends `text` as a JSON string. Bytes that are no UTF-8 become \udc80 to \udcff, as Python has it
/// (surrogateescape): the name of a file can be any bytes, and comes back unharmed.
void append_json(std::string& out, std::string_view text);

/// The members of such a line, numbers as their text; nothing if it is anything else.
std::optional<std::map<std::string, std::string>> parse_json_line(std::string_view line);

}  // namespace devshmd
