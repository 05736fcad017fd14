// SPDX-License-Identifier: MIT
//
// find_constant() on objects made in memory.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "../../preload/libc_constant.h"

using devshm::ConstantPlace;
using devshm::find_constant;
using devshm::LoadedObject;

namespace {

const size_t page_size = static_cast<size_t>(sysconf(_SC_PAGESIZE));

struct Place {
  size_t offset;
  bool in_executable;
  bool operator==(const Place&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Place& place) {
  return out << place.offset << (place.in_executable ? " x" : "");
}

using Places = std::vector<Place>;

/// Two pages of an object, between two that can't be touched.
class FakeObject {
 public:
  FakeObject() {
    map_ = static_cast<char*>(mmap(nullptr, 4 * page_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (map_ == MAP_FAILED || mprotect(image(), size(), PROT_READ | PROT_WRITE) != 0) std::abort();
    clear();
  }
  ~FakeObject() { munmap(map_, 4 * page_size); }
  FakeObject(const FakeObject&) = delete;
  FakeObject& operator=(const FakeObject&) = delete;

  char* image() { return map_ + page_size; }
  static size_t size() { return 2 * page_size; }
  void clear() { std::memset(image(), '/', size()); }

  /// A text with its end.
  void put(size_t offset, const char* text) { put(offset, text, std::strlen(text) + 1); }
  void put(size_t offset, const char* text, size_t length) { std::memcpy(image() + offset, text, length); }

  void add_segment(size_t begin, size_t length, ElfW(Word) flags, ElfW(Word) type = PT_LOAD) {
    ElfW(Phdr) header{};
    header.p_type = type;
    header.p_flags = flags;
    header.p_vaddr = begin;
    header.p_filesz = length;
    header.p_memsz = length + 64;
    headers_.push_back(header);
  }

  Places find(const char* text = "/dev/shm") {
    static const ElfW(Dyn) no_dynamic[1] = {};
    const LoadedObject object{reinterpret_cast<ElfW(Addr)>(image()), no_dynamic, "fake", headers_.data(),
                              headers_.size()};
    Places places;
    find_constant(object, text, [&](const ConstantPlace& place) {
      places.push_back({static_cast<size_t>(place.at - image()), place.in_executable});
    });
    return places;
  }

 private:
  char* map_;
  std::vector<ElfW(Phdr)> headers_;
};

/// The known forms, each with all that makes it one.
struct Form {
  const char* text;
  size_t length;
};
constexpr Form known_forms[] = {
    {"/dev/shm/", 10}, {"/dev/shm", 9}, {"/dev/shm/sem.", 13}, {"/dev/shm/sem.XXXXXX", 20}, {"/dev/shm/tmp-%d", 16}};

TEST(FindConstant, FindsTheKnownForms) {
  for (const Form& form : known_forms) {
    FakeObject fake;
    fake.add_segment(0, fake.size(), PF_R);
    fake.put(100, form.text, form.length);
    EXPECT_EQ(fake.find(), (Places{{100, false}})) << form.text;
  }
}

TEST(FindConstant, PassesOverAllOthers) {
  for (const char* text :
       {"/dev/shm/x", "/dev/shmfoo", "/dev/shm.", "/dev/shm/sem", "/dev/shm/semx", "/dev/shm/tmp-%x", "/dev/shm/tmp-",
        "/dev/shm/tmp-%d.x", "/dev/shm//", "/dev/shm%s", "/dev/sh/", "/Dev/shm/", "/tmp/shm/"}) {
    FakeObject fake;
    fake.add_segment(0, fake.size(), PF_R);
    fake.put(100, text);
    EXPECT_EQ(fake.find(), Places{}) << text;
  }
}

TEST(FindConstant, LooksForTheTextItIsGiven) {
  FakeObject fake;
  fake.add_segment(0, fake.size(), PF_R);
  fake.put(100, "/dev/shm/");
  fake.put(200, "/tmp/shm/");
  EXPECT_EQ(fake.find("/tmp/shm"), (Places{{200, false}}));
}

TEST(FindConstant, FindsItAtEveryAlignmentAndAcrossPages) {
  for (const Form& form : known_forms)
    for (size_t at = page_size - 32; at < page_size + 16; ++at) {
      FakeObject fake;
      fake.add_segment(0, fake.size(), PF_R);
      fake.put(at, form.text, form.length);
      ASSERT_EQ(fake.find(), (Places{{at, false}})) << form.text;
    }
}

TEST(FindConstant, FindsItAtBothEndsOfASegment) {
  for (const Form& form : known_forms)
    for (size_t shift = 0; shift < 16; ++shift) {
      SCOPED_TRACE(std::string(form.text) + ", " + std::to_string(shift));
      FakeObject first;
      first.add_segment(shift, first.size() - shift, PF_R);
      first.put(shift, form.text, form.length);
      ASSERT_EQ(first.find(), (Places{{shift, false}}));

      FakeObject last;
      const size_t at = last.size() - shift - form.length;
      last.add_segment(0, at + form.length, PF_R);
      last.put(at, form.text, form.length);
      ASSERT_EQ(last.find(), (Places{{at, false}}));
    }
}

TEST(FindConstant, LooksAtNothingOutsideTheSegment) {
  for (const Form& form : {known_forms[0], known_forms[1], known_forms[2], known_forms[4]})
    for (size_t shift = 0; shift < 16; ++shift) {
      // One byte missing, at the beginning or at the end.
      FakeObject begins_late;
      begins_late.add_segment(shift + 1, begins_late.size() - shift - 1, PF_R);
      begins_late.put(shift, form.text, form.length);
      ASSERT_EQ(begins_late.find(), Places{}) << form.text << shift;

      FakeObject ends_early;
      const size_t at = ends_early.size() - shift - form.length;
      ends_early.add_segment(0, at + form.length - 1, PF_R);
      ends_early.put(at, form.text, form.length);
      ASSERT_EQ(ends_early.find(), Places{}) << form.text << shift;
    }
}

TEST(FindConstant, BearsTinySegments) {
  FakeObject fake;
  fake.put(0, "/dev/shm/");
  for (size_t size = 0; size < 10; ++size) fake.add_segment(0, size, PF_R);
  EXPECT_EQ(fake.find(), Places{});
}

TEST(FindConstant, LeavesWritableAndOtherSegmentsAlone) {
  FakeObject fake;
  fake.put(100, "/dev/shm/");
  fake.add_segment(0, page_size, PF_R | PF_W);
  fake.add_segment(0, page_size, PF_R | PF_W | PF_X);
  fake.add_segment(0, page_size, PF_W);
  fake.add_segment(0, page_size, PF_X);  // can't be read
  fake.add_segment(0, page_size, 0);
  fake.add_segment(0, page_size, PF_R, PT_NOTE);
  fake.add_segment(0, page_size, PF_R, PT_GNU_RELRO);
  EXPECT_EQ(fake.find(), Places{});
}

TEST(FindConstant, TellsWhatIsExecutable) {
  FakeObject fake;
  fake.put(100, "/dev/shm/");
  fake.add_segment(0, page_size, PF_R | PF_X);
  fake.add_segment(page_size, page_size, PF_R);
  EXPECT_EQ(fake.find(), (Places{{100, true}}));
}

// What looks like the constant in code, or in the headers, is none where there is a segment of constants.
TEST(FindConstant, TakesTheLastSegmentThatHasIt) {
  FakeObject fake;
  fake.put(100, "/dev/shm/");
  fake.put(page_size + 3, "/dev/shm/sem.");
  fake.put(page_size + 300, "/dev/shm/");
  fake.add_segment(0, page_size, PF_R | PF_X);
  fake.add_segment(page_size, page_size, PF_R);
  EXPECT_EQ(fake.find(), (Places{{page_size + 3, false}, {page_size + 300, false}}));
}

TEST(FindConstant, FindsAllOfThem) {
  FakeObject fake;
  fake.add_segment(0, fake.size(), PF_R);
  Places expected;
  for (size_t at = 1; at + 11 < fake.size(); at += 11) {
    fake.put(at, "/dev/shm/");
    expected.push_back({at, false});
  }
  EXPECT_EQ(fake.find(), expected);
}

}  // namespace
