// SPDX-License-Identifier: MIT
#include "next_symbol.h"

#include "loaded_objects.h"

namespace devshm {
namespace {

struct Search {
  const char* name;
  bool past_ourselves;
  const void* found;
};

bool visit_startup_object(const LoadedObject& object, void* data) {
  auto& search = *static_cast<Search*>(data);
  if (!search.past_ourselves) {
    search.past_ourselves = is_ourselves(object);
    return false;
  }
  search.found = defined_in(object, search.name);
  return search.found || is_libc(object);
}

bool visit_for_oldest(const LoadedObject& object, void* data) {
  auto& search = *static_cast<Search*>(data);
  if (!search.past_ourselves) {
    search.past_ourselves = is_ourselves(object);
    return false;
  }
  const ElfW(Sym)* symbol = SymbolTable(object).find_oldest(search.name);
  if (symbol) search.found = reinterpret_cast<const void*>(object.base + symbol->st_value);
  return search.found || is_libc(object);
}

bool visit_any_object(const LoadedObject& object, void* data) {
  auto& search = *static_cast<Search*>(data);
  if (!is_ourselves(object)) search.found = defined_in(object, search.name);
  return search.found != nullptr;
}

}  // namespace

void* next_definition(const char* name, bool late) {
  Search search{name, false, nullptr};
  for_each_from_start(visit_startup_object, &search);
  if (!search.found && late) for_each_loaded(visit_any_object, &search);
  return const_cast<void*>(search.found);
}

void* oldest_definition(const char* name) {
  Search search{name, false, nullptr};
  for_each_from_start(visit_for_oldest, &search);
  return const_cast<void*>(search.found);
}

}  // namespace devshm
