// SPDX-License-Identifier: MIT
//
// A reference to a function object, to be called by code that is there once for all kinds of them.
#pragma once

namespace [[gnu::visibility("hidden")]] devshm {

template <class Function>
class FunctionRef;

/// Lives as long as the expression that the object is made in.
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
