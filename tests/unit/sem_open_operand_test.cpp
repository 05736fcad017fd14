// SPDX-License-Identifier: MIT
//
// The search for the constant in sem_open's instructions, in an object made in memory. What real libcs make of it the
// matrix shows (tests/matrix/operand.py).
#include "../../preload/sem_open_operand.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "../../preload/loaded_objects.h"

namespace {

using devshm::LoadedObject;
using devshm::operand_in_sem_open;

/// A libc with one symbol, whose function is the code.
class Libc {
 public:
  explicit Libc(const std::string& code, const char* soname = "libc.so.6") {
    std::memset(&memory_, 0, sizeof memory_);
    std::memcpy(memory_.code, code.data(), code.size());
    std::strcpy(memory_.strings + 1, "sem_open");
    std::strcpy(memory_.strings + 16, soname);
    memory_.symbols[1].st_name = 1;
    memory_.symbols[1].st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
    memory_.symbols[1].st_shndx = 1;
    memory_.symbols[1].st_value = offsetof(Memory, code);
    memory_.symbols[1].st_size = code.size();
    const ElfW(Word) table[] = {1, 2, 1, 0, 0};  // a SysV table: one bucket, which begins with symbol 1
    std::memcpy(memory_.hash, table, sizeof table);
    add(DT_SONAME, 16);
    add(DT_STRTAB, address(memory_.strings));
    add(DT_SYMTAB, address(memory_.symbols));
    add(DT_HASH, address(memory_.hash));
    header_.p_type = PT_LOAD;
    header_.p_flags = PF_R | PF_X;
    header_.p_filesz = header_.p_memsz = sizeof memory_;
  }

  long find(const char* text = "/dev/shm") {
    const char* found = operand_in_sem_open(object(), text);
    return found ? found - memory_.code : -1;
  }
  LoadedObject object() { return {address(&memory_), memory_.dynamic, "made", &header_, 1}; }
  ElfW(Sym) & symbol() { return memory_.symbols[1]; }
  ElfW(Phdr) & header() { return header_; }

 private:
  struct Memory {
    ElfW(Dyn) dynamic[8];
    ElfW(Sym) symbols[2];
    ElfW(Word) hash[8];
    char strings[64];
    char code[256];
  };
  static ElfW(Addr) address(const void* at) { return reinterpret_cast<ElfW(Addr)>(at); }
  void add(ElfW(Sxword) tag, ElfW(Addr) value) { memory_.dynamic[count_++] = {tag, {value}}; }

  Memory memory_;
  ElfW(Phdr) header_{};
  int count_ = 0;
};

std::string movabs(const std::string& operand, unsigned number = 0) {
  return std::string{number < 8 ? '\x48' : '\x49', static_cast<char>(0xb8 + number % 8)} + operand;
}

const std::string rest = movabs("/sem.XXX", 2);

#if defined(__x86_64__)
TEST(SemOpenOperand, IsFoundInEachRegister) {
  for (unsigned number = 0; number < 16; ++number)
    EXPECT_EQ(Libc("\x90" + movabs("/dev/shm", number) + rest + "\xc3").find(), 3) << number;
}

TEST(SemOpenOperand, IsFoundWithAnotherText) {
  EXPECT_EQ(Libc(movabs("/tmp/abc") + rest).find("/tmp/abc"), 2);
  EXPECT_EQ(Libc(movabs("/tmp/abc") + rest).find(), -1);
}

TEST(SemOpenOperand, IsNoOtherInstructionAndNoData) {
  EXPECT_EQ(Libc("/dev/shm" + rest).find(), -1);
  EXPECT_EQ(Libc("\x48\xb7/dev/shm" + rest).find(), -1);
  EXPECT_EQ(Libc("\x66\xb8/dev/shm" + rest).find(), -1);
}

TEST(SemOpenOperand, IsThereOnceAndWithItsSecondHalf) {
  EXPECT_EQ(Libc(movabs("/dev/shm") + movabs("/dev/shm") + rest).find(), -1);
  EXPECT_EQ(Libc(movabs("/dev/shm")).find(), -1);
}

TEST(SemOpenOperand, LiesWithinTheFunctionAndWithinCode) {
  Libc cut(rest + movabs("/dev/shm"));
  --cut.symbol().st_size;
  EXPECT_EQ(cut.find(), -1);
  Libc longer(movabs("/dev/shm") + rest);
  longer.symbol().st_size = 1 << 20;
  EXPECT_EQ(longer.find(), -1);
  Libc data(movabs("/dev/shm") + rest);
  data.header().p_flags = PF_R;
  EXPECT_EQ(data.find(), -1);
}
#else
TEST(SemOpenOperand, IsNotKnownHere) { EXPECT_EQ(Libc(movabs("/dev/shm") + rest).find(), -1); }
#endif

TEST(SemOpenOperand, IsOfGlibcAlone) {
  EXPECT_TRUE(devshm::has_template(Libc(movabs("/dev/shm") + rest).object()));
  EXPECT_FALSE(devshm::has_template(Libc(movabs("/dev/shm") + rest, "libpthread.so.0").object()));
  EXPECT_EQ(Libc(movabs("/dev/shm") + rest, "libpthread.so.0").find(), -1);
  Libc old(movabs("/dev/shm") + rest);
  old.symbol().st_shndx = SHN_UNDEF;
  EXPECT_FALSE(devshm::has_template(old.object()));
}

}  // namespace
