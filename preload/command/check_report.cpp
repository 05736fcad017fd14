// SPDX-License-Identifier: MIT
#include "check_report.h"

#include "../sys.h"

namespace devshm {
namespace {

constexpr std::size_t column = 15;  // where the verdicts begin, after the subjects

void write_out(const LineWriter& line) { sys::write(1, line.c_str(), line.size()); }
void write_out(const char* text) { sys::write(1, text, length_of(text)); }

/// A text in quotes. Names are escaped as JSON requires (escape.h), except for quotes.
void add_quoted(LineWriter& line, const char* text) {
  line.add("\"");
  char letter[2] = {};
  Line<1024> escaped;
  escaped.add_name(text);
  for (const char* p = escaped.c_str(); *p; ++p) {
    if (*p == '"') line.add("\\");
    letter[0] = *p;
    line.add(letter);
  }
  line.add("\"");
}

const char* word_for(Finding finding) {
  return finding == Finding::good ? "ok   " : finding == Finding::bad ? "BAD  " : "--   ";
}

const char* json_for(Finding finding) {
  return finding == Finding::good ? "true" : finding == Finding::bad ? "false" : "null";
}

}  // namespace

void CheckReport::begin() {
  if (as_json_) write_out("{\"rows\":[");
}

void CheckReport::end_row() {
  if (in_advice_) write_out("]");
  if (in_row_) write_out("}");
  in_row_ = in_advice_ = false;
}

void CheckReport::row(const char* subject, const char* finding, Finding verdict) {
  if (verdict == Finding::bad) ++problems_;
  Line<2048> line;
  if (as_json_) {
    end_row();
    line.add(any_row_ ? ",{\"subject\":" : "{\"subject\":");
    add_quoted(line, subject);
    line.add(",\"good\":").add(json_for(verdict)).add(",\"finding\":");
    add_quoted(line, finding);
    in_row_ = any_row_ = true;
  } else {
    line.add("  ").add(subject);
    for (std::size_t i = length_of(subject); i < column; ++i) line.add(" ");
    line.add(word_for(verdict)).add_name(finding).end();
  }
  write_out(line);
}

void CheckReport::advice(const char* text) {
  Line<2048> line;
  if (as_json_) {
    line.add(in_advice_ ? "," : ",\"advice\":[");
    add_quoted(line, text);
    in_advice_ = true;
  } else {
    line.add("                      -> ").add_name(text).end();
  }
  write_out(line);
}

void CheckReport::end(const char* library, bool active) {
  if (!as_json_) return;
  end_row();
  Line<2048> line;
  line.add("],\"library\":");
  library ? add_quoted(line, library) : static_cast<void>(line.add("null"));
  line.add(",\"active\":").add(active ? "true" : "false");
  write_out(line.add(",\"works\":").add(problems_ ? "false}" : "true}"));
}

}  // namespace devshm
