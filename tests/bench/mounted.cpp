// SPDX-License-Identifier: MIT
//
// mounted ROW [Google Benchmark's options]: what one row costs on the file system at /dev/shm. By the clock: a file
// system in user space works in another process. `mounted` alone lists the rows.
#include <benchmark/benchmark.h>

#include <cstdio>

#include "mount_rows.h"

int main(int argc, char** argv) {
  if (argc < 2) {
    for (std::size_t i = 0; bench::row_name(i); ++i) std::puts(bench::row_name(i));
    return 0;
  }
  const char* name = argv[1];
  const std::unique_ptr<bench::Row> row = bench::make_row(name);
  if (!row) {
    std::fprintf(stderr, "mounted: no row %s\n", name);
    return 2;
  }
  auto* measured = benchmark::RegisterBenchmark(name, [&](benchmark::State& state) {
    for (auto _ : state) {
      row->step();
      if (row->operations() > 1) state.SetIterationTime(std::chrono::duration<double>(row->counted()).count());
    }
    state.counters["operations"] = row->operations();
  });
  if (row->operations() > 1)  // long enough by itself
    measured->UseManualTime()->Iterations(1);
  else
    measured->UseRealTime();
  argv[1] = argv[0];
  int left = argc - 1;
  benchmark::Initialize(&left, argv + 1);
  if (benchmark::ReportUnrecognizedArguments(left, argv + 1)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
