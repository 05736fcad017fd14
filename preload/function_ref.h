// SPDX-License-Identifier: MIT
//
// Refers to a function object of any type, so that a function that takes one need not be a template.
#pragma once

namespace [[gnu::visibility("hidden")]] devshm {

template <class Function>
class FunctionRef;

/// Valid only within the expression that creates the function object.
template <class Result, class... Arguments>
class FunctionRef<Result(Arguments...)> {
 public:
  template <class Object>
  FunctionRef(const Object& object)
      : object_(&object), call_([](const void* called, Arguments... arguments) -> Result {
          return (*static_cast<const Object*>(called))(arguments...);
        }) {}
  Result operator()(Arguments... arguments) const { return call_(object_, arguments...); }

 private:
  const void* object_;
  Result (*call_)(const void*, Arguments...);
};

}  // namespace devshm
