/* SPDX-License-Identifier: MIT
 *
 * A client: it opens, creates, unlinks, renames and links names.
 */

#define CLIENT_MAY_DIE                            \
  if                                              \
  :: client_deaths > 0 -> client_deaths--; goto die \
  :: skip                                         \
  fi
#ifdef WITHOUT_RULE_10
#define SHARE skip
#define UNSHARE skip
#else
#define SHARE atomic { !exclusive -> shared++; holds_shared = 1 }
#define UNSHARE atomic { shared--; holds_shared = 0 }
#endif

#define forget_link() o = 0; g = 0; k = 0; wanted = 0; marked = 0

#include "create.pml"
#include "stranger.pml"

proctype Client(byte me) {
  byte call, n, m;     /* the call, its name, and its second name */
  byte i, j, o, g, k;  /* scratch: an inode, a name, an object, a link's text */
  byte wanted;         /* for S1: the object of the link whose text was read; of a planted one, 0 */
  byte marked;         /* the object of the link whose mark was read */
  byte operations = OPERATIONS;
  byte tries;
  bit holds_shared = 0;
  bit found_file;

next:
  if
  :: operations == 0 -> goto done
  :: else -> operations--
  fi;
  tries = 0;
  atomic {
    if
    :: MIX & CALL_OPEN -> call = CALL_OPEN
    :: MIX & CALL_CREATE -> call = CALL_CREATE
    :: MIX & CALL_OPEN_OR_CREATE -> call = CALL_OPEN_OR_CREATE
    :: MIX & CALL_UNLINK -> call = CALL_UNLINK
    :: MIX & CALL_RENAME -> call = CALL_RENAME
    :: MIX & CALL_LINK -> call = CALL_LINK
    :: MIX & CALL_OPEN_AS_OTHER -> call = CALL_OPEN_AS_OTHER
    :: MIX & CALL_AS_STRANGER -> call = CALL_AS_STRANGER
    fi;
    if
    :: n = 0
    :: NAMES > 1 -> n = 1
    fi;
    m = (n + 1) % NAMES;
    if
    :: call == CALL_UNLINK -> goto unlink
    :: call == CALL_RENAME -> goto rename
    :: call == CALL_LINK -> goto link
    :: call == CALL_CREATE -> goto create
    :: call == CALL_AS_STRANGER -> goto stranger
    :: else
    fi
  };

open: /* readlink(2) of the name */
  atomic {
    CLIENT_MAY_DIE;
    tries++;
    if
    :: tries > 3 -> goto next /* a bounded number of attempts, then EAGAIN or the like */
    :: else
    fi;
    i = name[n];
    if
    :: i == 0 && call == CALL_OPEN_OR_CREATE -> goto create
    :: i == 0 && call != CALL_OPEN_OR_CREATE -> goto next /* ENOENT */
    :: i != 0 && inode[i].kind == FILE -> i = 0; goto open_file
    :: i != 0 && inode[i].kind == LINK && call == CALL_OPEN_AS_OTHER -> goto hold
    :: i != 0 && inode[i].kind == LINK && call != CALL_OPEN_AS_OTHER ->
       g = inode[i].generation; k = inode[i].number; wanted = inode[i].object; i = 0
    fi
  };
  atomic { /* fstatat(2) of the name, which may be another link by now: whose it is, and its mark */
    CLIENT_MAY_DIE;
    i = name[n];
    if
    :: i == 0 -> forget_link(); goto open
#ifndef WITHOUT_THE_OWNERS_CHECK
    :: i != 0 && inode[i].planted -> forget_link(); goto next /* a symbolic link like any other */
#endif
    :: else -> marked = (inode[i].kind == LINK -> inode[i].object : 0); i = 0
    fi
  };
  atomic { /* open(2) of ROOT/<generation>/<number>, without O_TRUNC */
    CLIENT_MAY_DIE;
    o = TEXT_LEADS_TO(g, k);
#ifdef WITHOUT_RULE_3
    S1(o == 0 || o == wanted || o == marked); /* O_TRUNC has destroyed the data of another object */
#endif
    if
    :: o == 0 -> forget_link(); goto hold
    :: else
    fi
  };
  atomic { /* name_to_handle_at(2): if it is known, and the mark, the kernel says what was opened */
    CLIENT_MAY_DIE;
    if
    :: marked != 0 && HANDLE_OF(o) == HANDLE_OF(marked) -> S1(o == marked || o == wanted); forget_link(); goto next
#ifdef WITHOUT_RULE_12
    :: LABEL_IS(o, g, k) -> S1(o == marked || o == wanted); forget_link(); goto next
#endif
    :: forget_link()
    fi
  };

hold: /* open(2) of the link itself, with O_PATH and O_NOFOLLOW; its text, and whose it is */
  atomic {
    CLIENT_MAY_DIE;
    i = name[n];
    if
    :: i == 0 || inode[i].kind != LINK -> i = 0; goto open
#ifndef WITHOUT_THE_OWNERS_CHECK
    :: i != 0 && inode[i].planted -> i = 0; goto next
#endif
    :: else -> g = inode[i].generation; k = inode[i].number; wanted = inode[i].object; i = 0
    fi;
    if
    :: call == CALL_OPEN_AS_OTHER -> goto ask
    :: else
    fi
  };
  atomic { /* open(2) */
    CLIENT_MAY_DIE;
    o = TEXT_LEADS_TO(g, k);
    if
    :: o == 0 -> forget_link(); goto open /* start again */
    :: else
    fi
  };
  atomic { /* readlink(2) of /proc/self/fd/N, which has the memfd's name */
    CLIENT_MAY_DIE;
    if
#ifndef WITHOUT_RULE_2
    :: !LABEL_IS(o, g, k) -> forget_link(); goto open
#endif
    :: else
    fi;
    S1(o == wanted);
    forget_link();
    goto next
  };

ask: /* the keeper answers with SCM_RIGHTS: its look at its table is one step */
  atomic {
    CLIENT_MAY_DIE;
    o = TEXT_LEADS_TO(g, k);
    if
    :: o == 0 -> wanted = 0; g = 0; k = 0; goto open
#ifndef WITHOUT_THE_KEEPERS_CHECK
    :: o != 0 && !LABEL_IS(o, g, k) -> o = 0; wanted = 0; g = 0; k = 0; goto open
#endif
    :: else
    fi;
    S1(o == wanted);
    o = 0; wanted = 0; g = 0; k = 0;
    goto next
  };

open_file: /* open(2) with O_NOFOLLOW */
  atomic {
    CLIENT_MAY_DIE;
    i = name[n];
    if
    :: i == 0 -> goto open /* it went; look again */
    :: i != 0 && inode[i].kind == FILE -> i = 0; goto next
#ifdef WITHOUT_RULE_5_NOFOLLOW
    :: i != 0 && inode[i].kind == LINK && LEADS_TO(i) != 0 ->
       o = LEADS_TO(i); wanted = inode[i].object;
       S1(o == wanted);
       i = 0; o = 0; wanted = 0;
       goto next
    :: i != 0 && inode[i].kind == LINK && LEADS_TO(i) == 0 -> i = 0; goto open
#else
    :: i != 0 && inode[i].kind == LINK -> i = 0; goto open /* ELOOP: start again */
#endif
    fi
  };

create:
  create_object();

stranger:
  act_as_stranger();

unlink:
  atomic {
    CLIENT_MAY_DIE;
    if
    :: name[n] != 0 -> i = name[n]; drop(i); name[n] = 0; i = 0
    :: else
    fi;
    goto next
  };

rename:
  SHARE;
  atomic {
    CLIENT_MAY_DIE;
    if
    :: name[n] != 0 && name[n] != name[m] ->
       if
       :: name[m] != 0 -> i = name[m]; drop(i)
       :: else
       fi;
       name[m] = name[n]; name[n] = 0; i = 0
    :: else /* two names of one inode: rename(2) does nothing */
    fi
  };
  UNSHARE;
  goto next;

link:
  SHARE;
  atomic {
    CLIENT_MAY_DIE;
    if
    :: name[n] != 0 && name[m] == 0 -> name[m] = name[n]; inode[name[m]].links++
    :: else
    fi
  };
  UNSHARE;
  goto next;

die: /* the kernel unlocks what it had locked */
  atomic {
    j = 0;
    do
    :: j < NUMBERS && taken_by[j] == me + 1 -> taken_by[j] = 0; j++
    :: j < NUMBERS && taken_by[j] != me + 1 -> j++
    :: else -> j = 0; break
    od;
    if
    :: holds_shared -> shared--; holds_shared = 0
    :: else
    fi
  };
done:
  atomic {
    i = 0; o = 0; g = 0; k = 0; wanted = 0; n = 0; m = 0; call = 0; tries = 0;
    finished++
  }
}
