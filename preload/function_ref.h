// SPDX-License-Identifier: MIT
//
// A reference to a function object of any type, for functions that are not templates.
#pragma once

namespace [[gnu::visibility("hidden")]] devshm {

template <class Function>
class FunctionRef;

/// Valid as long as the expression that the object is created in.
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
