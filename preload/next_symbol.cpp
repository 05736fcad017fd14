// SPDX-License-Identifier: MIT
#include "next_symbol.h"

#include "loaded_objects.h"

namespace devshm {
namespace {

/// The first definition that `find` returns for an object after ourselves, up to libc.
const void* search_after_ourselves(FunctionRef<const void*(const LoadedObject&)> find) {
  bool past_ourselves = false;
  const void* found = nullptr;
  for_each_from_start([&](const LoadedObject& object) {
    if (!past_ourselves) {
      past_ourselves = is_ourselves(object);
      return false;
    }
    found = find(object);
    return found || is_libc(object);
  });
  return found;
}

}  // namespace

void* next_definition(const char* name, bool late) {
  const void* found = search_after_ourselves([&](const LoadedObject& object) { return defined_in(object, name); });
  if (!found && late)
    for_each_loaded([&](const LoadedObject& object) {
      if (!is_ourselves(object)) found = defined_in(object, name);
      return found != nullptr;
    });
  return const_cast<void*>(found);
}

void* oldest_definition(const char* name) {
  return const_cast<void*>(search_after_ourselves([&](const LoadedObject& object) -> const void* {
    const ElfW(Sym)* symbol = SymbolTable(object).find_oldest(name);
    return symbol ? reinterpret_cast<const void*>(object.base + symbol->st_value) : nullptr;
  }));
}

}  // namespace devshm
