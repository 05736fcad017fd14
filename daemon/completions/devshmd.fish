# SPDX-License-Identifier: MIT
# Completions of devshmd for fish.

complete -c devshmd -f
complete -c devshmd -n __fish_use_subcommand -a serve -d 'shared memory that works'
complete -c devshmd -n __fish_use_subcommand -a hidden -d 'nothing is there'
complete -c devshmd -n __fish_use_subcommand -a denied -d EACCES
complete -c devshmd -n __fish_use_subcommand -a full -d ENOSPC
complete -c devshmd -n __fish_use_subcommand -a readonly -d EROFS
complete -c devshmd -n __fish_use_subcommand -a umount -d unmount
complete -c devshmd -n __fish_use_subcommand -a top -d 'which processes use it'
complete -c devshmd -n __fish_use_subcommand -a report -d 'show a recording'
complete -c devshmd -n '__fish_seen_subcommand_from report' -F
complete -c devshmd -n 'not __fish_seen_subcommand_from report' -a '(__fish_complete_directories)'
complete -c devshmd -l size -d 'room for contents' -x
complete -c devshmd -l inodes -d 'how many files and directories' -x
complete -c devshmd -l record -d 'write every access to FILE' -r -F
complete -c devshmd -l also -d 'the same files at DIR as well' -x -a '(__fish_complete_directories)'
complete -c devshmd -l allow-other -d 'let other users use it'
complete -c devshmd -l exec -d 'let programs in it be run'
complete -c devshmd -l no-passthrough -d 'send all contents through the daemon'
complete -c devshmd -l no-dirty-limit -d 'let the kernel keep unwritten contents'
complete -c devshmd -l daemonize -d 'go to the background'
complete -c devshmd -l ready-fd -d 'write a newline there when the mount answers' -x
complete -c devshmd -l status -d 'show what the daemon does'
complete -c devshmd -l json -d 'with --status: as JSON'
complete -c devshmd -l once -d 'with top: show it once'
complete -c devshmd -l interval -d 'with top: seconds between two screens' -x
complete -c devshmd -s h -l help -d 'show help'
complete -c devshmd -l version -d 'show the version'
