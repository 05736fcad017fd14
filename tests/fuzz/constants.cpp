// SPDX-License-Identifier: MIT
//
// The search for libc's directory constant in objects whose segments are broken in all ways, against the plainest
// search there is; and the change of it, of which nothing but the eight bytes may be seen. An input describes an object
// of two pages, line by line:
//
//   put OFFSET TEXT          a text, with its end
//   cut OFFSET TEXT          without
//   seg BEGIN SIZE FLAGS TYPE   a segment, cut off where the object ends; flags and types as in elf.h
//   change                   at last, the constant is put in place
#include <map>

#include "../../preload/constant_change.cpp"
#include "../../preload/libc_constant.cpp"
#include "../../preload/text.cpp"
#include "fuzz.h"

namespace {

const std::string forms[] = {{"/\0", 2}, {"\0", 1}, "/sem.", {"/tmp-%d\0", 8}};

using Place = std::pair<std::size_t, bool>;

const char backing[] = "/tmp/abc";
devshm::LoadedObject* loaded;
int said;

class Object {
 public:
  explicit Object(const std::string& description) {
    open();
    std::memset(memory().begin(), '/', memory().size());
    for (const std::string& line : fuzz::split(description, '\n')) {
      fuzz::Words words(line);
      const std::string word = words.text();
      if (word == "put" || word == "cut") {
        const std::size_t offset = words.number() % memory().size();
        const std::string text = words.text();
        const std::size_t size = std::strlen(text.c_str()) + (word == "put");
        std::memcpy(memory().begin() + offset, text.c_str(), std::min(size, memory().size() - offset));
      } else if (word == "seg" && headers.size() < 8) {
        ElfW(Phdr) header{};
        header.p_vaddr = words.number() % memory().size();
        header.p_filesz = std::min<std::size_t>(words.number(), memory().size() - header.p_vaddr);
        header.p_memsz = header.p_filesz + 64;
        header.p_flags = static_cast<ElfW(Word)>(words.number() & 7);
        const std::uint64_t type = words.number();
        header.p_type = static_cast<ElfW(Word)>(type ? type : PT_LOAD);
        headers.push_back(header);
      } else if (word == "change") {
        is_to_change = true;
      }
    }
  }

  static fuzz::Guarded& memory() {
    static fuzz::Guarded two_pages(2);
    return two_pages;
  }
  static void open() {
    if (mprotect(memory().begin(), memory().size(), PROT_READ | PROT_WRITE) != 0) std::abort();
  }
  static std::string text() { return {memory().begin(), memory().size()}; }

  devshm::LoadedObject object() const {
    return {reinterpret_cast<ElfW(Addr)>(memory().begin()), nullptr, "object", headers.data(), headers.size()};
  }

  std::vector<ElfW(Phdr)> headers;
  bool is_to_change = false;
};

/// Every place in the last segment that has any.
std::vector<Place> plain_search(const Object& object, const std::string& bytes) {
  for (auto segment = object.headers.rbegin(); segment != object.headers.rend(); ++segment) {
    if (segment->p_type != PT_LOAD || (segment->p_flags & (PF_R | PF_W)) != PF_R) continue;
    const std::string part = bytes.substr(segment->p_vaddr, segment->p_filesz);
    std::vector<Place> places;
    for (std::size_t at = part.find("/dev/shm"); at != std::string::npos; at = part.find("/dev/shm", at + 1))
      for (const std::string& form : forms)
        if (part.compare(at + 8, form.size(), form) == 0)
          places.push_back({segment->p_vaddr + at, (segment->p_flags & PF_X) != 0});
    if (!places.empty()) return places;
  }
  return {};
}

std::vector<Place> search(const Object& object) {
  std::vector<Place> places;
  const devshm::LoadedObject loaded_object = object.object();
  devshm::find_constant(loaded_object, "/dev/shm", [&](const devshm::ConstantPlace& place) {
    const auto at = static_cast<std::size_t>(place.at - Object::memory().begin());
    places.push_back({at, place.in_executable});
  });
  return places;
}

void put_in_place(const Object& object, std::vector<Place> places, std::string expected) {
  for (const auto& [at, executable] : places) expected.replace(at, 8, backing);
  if (mprotect(Object::memory().begin(), Object::memory().size(), PROT_READ) != 0) std::abort();
  for (auto& entry : devshm::done) entry.base = 0, entry.at = nullptr;
  devshm::LoadedObject loaded_object = object.object();
  loaded = &loaded_object;
  // Again and again, the same: a second time it is known to be done.
  for (int time = 0; time < 2; ++time) {
    said = 0;
    EXPECT(devshm::put_constant_in_place() == 0);
    EXPECT(said == (places.empty() ? 1 : 0), std::to_string(places.size()), std::to_string(time));
    EXPECT(Object::text() == expected);
    EXPECT(devshm::is_done(loaded_object, backing));
    if (places.empty()) break;  // known as well, and then nothing says any more that there is none
  }
}

}  // namespace

// The object is one of glibc's, and the only one.
namespace devshm {

const char* LoadedObject::soname() const { return "libpthread.so.0"; }
const void* defined_in(const LoadedObject&, const char*) { return backing; }
bool is_libc(const LoadedObject&) { return false; }
bool for_each_loaded(Visitor visitor) { return visitor(*loaded); }
int constant_dir(char (&text)[constant_length]) {
  std::memcpy(text, backing, constant_length);
  return 0;
}
void say_once(Topic, std::initializer_list<Piece>, std::initializer_list<Piece>) { ++said; }
bool has_template(const LoadedObject&) { return false; }  // sem_open_operand_test.cpp has that
const char* operand_in_sem_open(const LoadedObject&, const char*) { return nullptr; }

}  // namespace devshm

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  return fuzz::mutate_lines(data, size, max_size, seed,
                            {"put # @", "cut # @", "seg # # 4 1", "seg 0 8192 4", "seg # # 5", "seg # # # #", "change"},
                            {"/dev/shm/", "/dev/shm", "/dev/shm/sem.", "/dev/shm/tmp-%d", "/dev/shm/sem.XXXXXX",
                             "/dev/shmx", "/dev/dev/shm", "/", "/sem.", "m/"});
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Object object(fuzz::text_of(data, std::min<std::size_t>(size, 1000)));
  const std::string bytes = Object::text();
  std::vector<Place> expected = plain_search(object, bytes), found = search(object);
  EXPECT(found == expected, std::to_string(found.size()), std::to_string(expected.size()));
  if (object.is_to_change) put_in_place(object, found, bytes);
  return 0;
}
