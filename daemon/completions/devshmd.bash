# SPDX-License-Identifier: MIT
# Completions of devshmd for bash.

_devshmd() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
  [ "$before" != = ] || before=${COMP_WORDS[COMP_CWORD - 2]} # bash takes = for a word of its own
  [ "$word" != = ] || { before=${COMP_WORDS[COMP_CWORD - 1]} word=; }
  COMPREPLY=()
  case $before in
    --record | report) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
    --also) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
    --size | --inodes | --ready-fd | --interval) ;;
    *)
      if [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--size --inodes --record --also --allow-other --exec --no-passthrough
          --no-dirty-limit --daemonize --ready-fd --status --json --once --interval --help --version' -- "$word")
      elif ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(compgen -d -W 'serve hidden denied full readonly umount top report' -- "$word")
      else
        mapfile -t COMPREPLY < <(compgen -d -- "$word")
      fi
      ;;
  esac
}
complete -F _devshmd -o filenames devshmd
