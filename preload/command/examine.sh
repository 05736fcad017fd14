# Prints a number from the head of an ELF file, given its place and its size in bytes.
number_at() { # FILE PLACE SIZE
  LC_ALL=C od -An -v -t"u$3" -j"$2" -N"$3" -- "$1" 2>/dev/null | tr -d ' \n'
}

# Prints the machine of an ELF file: "x86_64", "aarch64", "32 bits", "another machine", "no ELF"; "unknown" without od.
kind_of() { # FILE
  command -v od >/dev/null || { echo unknown; return; }
  [ "$(number_at "$1" 0 1).$(number_at "$1" 1 1).$(number_at "$1" 2 1).$(number_at "$1" 3 1)" = 127.69.76.70 ] ||
    { echo 'no ELF'; return; }
  [ "$(number_at "$1" 4 1)" = 2 ] || { echo '32 bits'; return; }
  case $(number_at "$1" 18 2) in
    62) echo x86_64 ;;
    183) echo aarch64 ;;
    *) echo 'another machine' ;;
  esac
}

# Prints the loader that an ELF program names (PT_INTERP, elf(5)), or nothing if it is static.
loader_of() { # FILE
  at=$(number_at "$1" 32 8) size=$(number_at "$1" 54 2) count=$(number_at "$1" 56 2)
  while [ "${count:-0}" -gt 0 ]; do
    if [ "$(number_at "$1" "$at" 4)" = 3 ]; then
      tail -c "+$(($(number_at "$1" $((at + 8)) 8) + 1))" -- "$1" | head -c $(($(number_at "$1" $((at + 32)) 8) - 1))
      return
    fi
    at=$((at + size)) count=$((count - 1))
  done
}

# Prints the path at which the kernel would find a program, or its name unchanged. (`command -v` finds shell built-ins as
# well.)
find_program() {
  rest=$PATH:
  while [ "${1#*/}" = "$1" ] && [ -n "$rest" ]; do
    if [ -f "${rest%%:*}/$1" ] && [ -x "${rest%%:*}/$1" ]; then
      printf '%s\n' "${rest%%:*}/$1"
      return
    fi
    rest=${rest#*:}
  done
  printf '%s\n' "$1"
}

# Sets $program to the program that runs a script, because the script is as reachable as that: the one in its #! line, and the one that env starts.
follow_scripts() {
  depth=0
  while [ "$(LC_ALL=C head -c 2 "$program" | tr -d '\000')" = '#!' ] && [ "$depth" -lt 5 ]; do
    depth=$((depth + 1))
    line=$(LC_ALL=C head -n 1 "$program")
    # shellcheck disable=SC2086  # words
    set -f && set -- ${line#??} && set +f
    next=${1:-}
    if [ "${next##*/}" = env ]; then
      shift
      while case ${1:-} in -* | *=*) true ;; *) false ;; esac do shift; done
      next=$(find_program "${1:-}")
    fi
    [ -f "$next" ] || refuse "$program is a script for $next, which does not exist" 5
    inform "$program is a script for $next"
    program=$next
  done
}

# Refuses $program if its file shows that devshm can't reach it.
examine() {
  case $(kind_of "$program") in
    'no ELF') refuse "$program is not an ELF program" 5 ;;
    '32 bits') refuse "$program is a 32-bit program: devshm supports only 64 bits" 5 ;;
    "$(uname -m)") ;;
    # The default program is an ordinary one. Any other might run its main.
    unknown) [ -z "$named" ] || refuse "can't look at $program: there is no od here" 6; return 0 ;;
    *) refuse "$program is for another machine than this one ($(uname -m))" 5 ;;
  esac
  # The program must be certain to load the inspector, because otherwise its main would run.
  if [ -u "$program" ] || [ -g "$program" ]; then
    refuse "$program is setuid or setgid: the loader ignores LD_PRELOAD there, so devshm can't reach it" 5
  fi
  loader=$(loader_of "$program")
  case ${loader##*/} in
    '') refuse "$program is static: there is no loader in it to preload anything" 5 ;;
    ld-linux* | ld-musl-* | ld.so* | ld-[0-9]*.so) ;;
    *) refuse "$program is for another libc (its loader is $loader): devshm is for glibc and musl" 5 ;;
  esac
  [ -e "$loader" ] || refuse "$program is for another libc: its loader, $loader, is not here" 5
  if command -v getcap >/dev/null && [ -n "$(getcap -- "$program")" ]; then
    refuse "$program has file capabilities: the loader ignores LD_PRELOAD there, so devshm can't reach it" 5
  fi
  if LC_ALL=C grep -qa 'Go buildinf:' "$program"; then
    inform "$program is written in Go: only what it does through C is reached, its own packages are not"
  fi
  if command -v readelf >/dev/null && readelf -dW "$program" 2>/dev/null | grep -qE '\(R(UN)?PATH\).*[:[]/dev/shm[]/:]'; then
    inform "$program has /dev/shm in its RUNPATH: the loader looks there by itself, past devshm; use LD_LIBRARY_PATH"
  fi
}
