// SPDX-License-Identifier: MIT
#include "../../../daemon/recorder.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <sstream>
#include <thread>

#include "../../../daemon/json.h"
#include "../../../daemon/recording_report.h"

namespace devshmd {
namespace {

Record sample(const std::string& path) {
  Record record;
  record.time = {1700000000, 123456789};
  record.pid = 10;
  record.tid = 11;
  record.uid = 1000;
  record.program = "python3";
  record.operation = Operation::create;
  record.path = path;
  record.flags = "O_RDWR|O_CREAT 0600";
  record.error = ENOENT;
  return record;
}

std::string written(int fd) {
  std::string text(65536, '\0');
  const ssize_t size = pread(fd, text.data(), text.size(), 0);
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return text;
}

TEST(Record, IsOneLineOfJson) {
  EXPECT_EQ(
      to_json(sample("/dev/shm/x")),
      "{\"time\":\"2023-11-14T22:13:20.123456Z\",\"pid\":10,\"tid\":11,\"uid\":1000,\"program\":\"python3\","
      "\"operation\":\"create\",\"path\":\"/dev/shm/x\",\"flags\":\"O_RDWR|O_CREAT 0600\",\"result\":\"ENOENT\"}\n");
  Record record = sample("/a");
  record.to = "/b";
  record.flags.clear();
  record.error = 0;
  record.bytes = 7;
  const std::string line = to_json(record);
  EXPECT_NE(line.find("\"to\":\"/b\",\"bytes\":7,\"result\":\"OK\"}\n"), std::string::npos) << line;
}

TEST(Json, AnyNameComesBack) {
  std::string all;
  for (int byte = 1; byte < 256; ++byte) all += static_cast<char>(byte);
  const std::string table[] = {"plain",
                               "\"quoted\\\"",
                               "new\nline",
                               "\x01\x7f",
                               "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
                               "\xff\xfe",
                               "\xc3",
                               "\xed\xa0\x80",
                               "\xc0\xaf",
                               "\xf4\x90\x80\x80",
                               "\xe2\x82",
                               all};
  for (const std::string& name : table) {
    std::string quoted = "{\"x\":";
    append_json(quoted, name);
    quoted += "}";
    for (const char c : quoted) EXPECT_GE(static_cast<unsigned char>(c), 0x20);
    const auto members = parse_json_line(quoted);
    ASSERT_TRUE(members) << quoted;
    EXPECT_EQ(members->at("x"), name);
  }
}

TEST(Record, HasNamesOfLimitedLength) {
  const std::string long_name(100000, 'x');
  Record record = sample(long_name);
  record.to = long_name;
  record.program = long_name;
  const std::string line = to_json(record);
  EXPECT_LT(line.size(), 3 * 4096 + 500);
  const auto members = parse_json_line(line.substr(0, line.size() - 1));
  ASSERT_TRUE(members);
  for (const char* name : {"path", "to", "program"}) EXPECT_EQ(members->at(name), std::string(4096, 'x') + "...");
}

// A terminal takes C1 controls for commands, and shows what follows a mark of direction in another order.
TEST(Report, EscapesWhatATerminalWouldObey) {
  std::istringstream recording(
      "{\"program\":\"a\xc2\x9b\",\"operation\":\"lookup\",\"pid\":1,\"path\":\"/"
      "x\xe2\x80\xaetxt\",\"result\":\"OK\\u001b\"}\n");
  const std::string table = make_report(recording).table;
  EXPECT_NE(table.find("a\\u009b "), std::string::npos) << table;
  EXPECT_NE(table.find("/x\\u202etxt"), std::string::npos) << table;
  EXPECT_NE(table.find("OK\\u001b"), std::string::npos) << table;
}

TEST(Json, WhatIsNoRecordIsRefused) {
  for (const char* line :
       {"", "{", "{}x", "nonsense", "{\"a\":}", "{\"a\":\"b\"", "{\"a\":\"b\",}", "{\"a\":[1]}", "{\"a\":\"\\u12\"}",
        "{\"a\":\"\\x\"}", "{\"a\":-}", "[]", "{\"a\" \"b\"}", "{\"a\":\"\\ud83d\\u0041\"}"})
    EXPECT_FALSE(parse_json_line(line)) << line;
  EXPECT_TRUE(parse_json_line("{}"));
  EXPECT_EQ(parse_json_line("{\"a\": -12 , \"b\":\"\\u00e4\\ud83d\\ude00\"}")->at("b"), "\xc3\xa4\xf0\x9f\x98\x80");
}

TEST(Recorder, WritesLines) {
  const int fd = memfd_create("record", 0);
  Recorder recorder;
  EXPECT_FALSE(recorder.on());
  recorder.start(dup(fd), "file");
  recorder.write(sample("/1"));
  recorder.write(sample("/2"));
  EXPECT_EQ(written(fd), to_json(sample("/1")) + to_json(sample("/2")));
  recorder.finish();
  EXPECT_EQ(recorder.lost(), 0u);
  close(fd);
}

TEST(Recorder, AFullDiskIsSaidOnceAndCounted) {
  Recorder recorder;
  recorder.start(open("/dev/full", O_WRONLY), "the-file");
  testing::internal::CaptureStderr();
  for (int i = 0; i < 5; ++i) recorder.write(sample("/x"));
  recorder.finish();
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(recorder.lost(), 5u);
  EXPECT_EQ(said,
            "devshmd: can't write the recording the-file: No space left on device (ENOSPC); the daemon goes on, and "
            "counts the "
            "missing operations\n"
            "devshmd: the recording the-file lacks 5 operations\n");
}

TEST(Recorder, ABrokenPipeDoesNotEndTheProgram) {
  signal(SIGPIPE, SIG_IGN);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  close(ends[0]);
  Recorder recorder;
  recorder.start(ends[1], "-");
  testing::internal::CaptureStderr();
  recorder.write(sample("/x"));
  EXPECT_NE(testing::internal::GetCapturedStderr().find("EPIPE"), std::string::npos);
  EXPECT_EQ(recorder.lost(), 1u);
}

// Another process may have made it so. With a small pipe and a slow reader most records have to wait.
TEST(Recorder, APipeThatDoesNotBlockIsWaitedFor) {
  constexpr int records = 100;
  const Record record = sample("/" + std::string(1000, 'x'));
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  fcntl(ends[1], F_SETPIPE_SZ, 4096);
  fcntl(ends[1], F_SETFL, O_NONBLOCK);
  std::size_t got = 0;
  std::thread reader([&] {
    char byte;
    while (read(ends[0], &byte, 1) == 1) ++got;
  });
  {
    Recorder recorder;
    recorder.start(ends[1], "-");
    for (int i = 0; i < records; ++i) recorder.write(record);
    EXPECT_EQ(recorder.lost(), 0u);
  }
  reader.join();
  EXPECT_EQ(got, records * to_json(record).size());
  close(ends[0]);
}

TEST(Recorder, ALineThatBrokeOffDoesNotSpoilTheNext) {
  signal(SIGXFSZ, SIG_IGN);
  const int fd = memfd_create("record", 0);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  Recorder recorder;
  recorder.start(dup(fd), "file");
  recorder.write(sample("/1"));
  const std::size_t first = written(fd).size();
  rlimit tight = before;
  tight.rlim_cur = first + 10;
  testing::internal::CaptureStderr();
  setrlimit(RLIMIT_FSIZE, &tight);
  recorder.write(sample("/2"));
  setrlimit(RLIMIT_FSIZE, &before);
  testing::internal::GetCapturedStderr();
  recorder.write(sample("/3"));
  EXPECT_EQ(written(fd), to_json(sample("/1")) + to_json(sample("/2")).substr(0, 10) + "\n" + to_json(sample("/3")));
  EXPECT_EQ(recorder.lost(), 1u);
  close(fd);
}

TEST(Report, CountsByProgramOperationPathAndResult) {
  Record other = sample("/dev/shm/y");
  other.program = "bash";
  other.pid = 20;
  other.error = 0;
  other.to = "/dev/shm/z";
  std::istringstream recording(to_json(sample("/dev/shm/x")) + to_json(other) + to_json(sample("/dev/shm/x")));
  const Report report = make_report(recording);
  EXPECT_EQ(report.unreadable, 0u);
  EXPECT_EQ(report.table,
            "PROGRAM  OPERATION    COUNT  RESULT  PATH\n"
            "bash     create           1  OK      /dev/shm/y -> /dev/shm/z\n"
            "python3  create           2  ENOENT  /dev/shm/x\n"
            "\n3 operations (2 failed) of 2 programs in 2 processes\n");
}

TEST(Report, LinesThatAreNoRecordsAreCounted) {
  std::istringstream recording("nonsense\n{}\n\n" + to_json(sample("/x")).substr(0, 50));
  const Report report = make_report(recording);
  EXPECT_EQ(report.unreadable, 3u);
  EXPECT_EQ(report.table, "no operations\n");
}

TEST(Report, TerminalsAreSafe) {
  Record record = sample("/dev/shm/\x1b[2J\xff");
  std::istringstream recording(to_json(record));
  const std::string table = make_report(recording).table;
  EXPECT_EQ(table.find('\x1b'), std::string::npos);
  EXPECT_NE(table.find("/dev/shm/\\u001b[2J\\udcff"), std::string::npos) << table;
}

}  // namespace
}  // namespace devshmd
