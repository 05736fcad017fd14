/* SPDX-License-Identifier: MIT
 *
 * How a client creates an object: claim, open, check, set the mode, publish; or an ordinary file. A part of proctype
 * Client, whose variables and labels it uses.
 */

/* An entry's name has the pair (generation, number) in it. */
#ifdef WITHOUT_RULE_4_NAME
#define ENTRY_IS_THERE (pool != 0 && inode[pool].number == k)
#else
#define ENTRY_IS_THERE (pool != 0 && inode[pool].generation == g && inode[pool].number == k)
#endif

#ifdef WITHOUT_RULE_4_LOCK
#define UNLOCK_NUMBER skip
#else
#define UNLOCK_NUMBER atomic { CLIENT_MAY_DIE; taken_by[k] = 0 }
#endif

/* fchmod(2) */
inline set_mode() {
  atomic {
    CLIENT_MAY_DIE;
#ifndef WITHOUT_RULE_4_MODE
    j = 0;
    do
    :: j < NAMES -> S2(name[j] == 0 || inode[name[j]].object != o); j++ /* another creator's */
    :: else -> j = 0; break
    od;
#endif
    mode_of[o] = me + 1;
#if MIX & CALL_AS_STRANGER
    is_for_all[o] = n
#endif
  }
}

inline create_object() {
#ifdef RULE_11
  SHARE;
#endif
  atomic { /* the name of an entry: a guess, or read from the directory */
    CLIENT_MAY_DIE;
    if
    :: pool == 0 -> goto fallback
    :: else -> g = inode[pool].generation; k = inode[pool].number
    fi
  };
#ifndef WITHOUT_RULE_4_LOCK
  atomic { /* fcntl(2): lock its number */
    CLIENT_MAY_DIE;
    if
    :: taken_by[k] != 0 -> g = 0; k = 0; goto created_nothing /* somebody else has it: another one */
    :: else -> taken_by[k] = me + 1
    fi
  };
#endif
  atomic { /* open(2) it by its name in the pool */
    CLIENT_MAY_DIE;
    if
    :: !ENTRY_IS_THERE -> goto unlock /* ENOENT: it was taken before */
    :: else -> o = LEADS_TO(pool)
    fi
  };
  atomic { /* check its name */
    CLIENT_MAY_DIE;
    if
    :: o == 0 -> goto remove_entry
#ifndef WITHOUT_RULE_2
    :: o != 0 && !LABEL_IS(o, g, k) -> goto remove_entry
#endif
    :: else
    fi
  };
#ifndef WITHOUT_RULE_4_MODE
  set_mode();
#endif
  atomic { /* publish: rename(2) with RENAME_NOREPLACE */
    CLIENT_MAY_DIE;
    if
    :: !ENTRY_IS_THERE || name[n] != 0 -> goto unlock /* ENOENT: somebody has removed it; EEXIST */
    :: else -> name[n] = pool; pool = 0
    fi;
#ifndef WITHOUT_RULE_4_MODE
    S2(inode[name[n]].object == o && mode_of[o] == me + 1);
#endif
#if MIX & CALL_AS_STRANGER
    is_meant_for_all[o] = n
#endif
  };
#ifdef WITHOUT_RULE_4_MODE
  set_mode();
#endif
  o = 0;
  UNLOCK_NUMBER;
  g = 0; k = 0;
#ifdef RULE_11
  UNSHARE;
#endif
  goto next;

remove_entry: /* of a keeper that is dead */
  atomic {
    CLIENT_MAY_DIE;
    if
    :: ENTRY_IS_THERE -> i = pool; drop(i); pool = 0; i = 0
    :: else
    fi
  };
unlock:
  UNLOCK_NUMBER;
  atomic { o = 0; g = 0; k = 0 };
created_nothing:
#ifdef RULE_11
  UNSHARE;
#endif
  atomic {
    tries++;
    if
    :: tries > 3 -> goto next
    :: tries <= 3 && call == CALL_OPEN_OR_CREATE -> goto open
    :: tries <= 3 && call == CALL_CREATE && name[n] != 0 -> goto next /* EEXIST */
    :: else -> goto create
    fi
  };

fallback: /* an ordinary file, open(2) with O_CREAT|O_EXCL */
#ifdef RULE_11
  UNSHARE;
#endif
  SHARE;
  atomic {
    CLIENT_MAY_DIE;
    if
    :: objects >= OBJECTS -> found_file = 1 /* the model has no object left: no call */
    :: objects < OBJECTS && name[n] == 0 ->
       new_inode(i);
       new_object(o);
       inode[i].kind = FILE; inode[i].links = 1; inode[i].object = o;
       name[n] = i;
       i = 0; o = 0; found_file = 1
#ifdef WITHOUT_RULE_5_EXCL
    :: objects < OBJECTS && name[n] != 0 -> /* O_CREAT alone follows the link and opens what is there */
       S2(call != CALL_CREATE); /* two creators have succeeded */
       found_file = 1
#else
    :: objects < OBJECTS && name[n] != 0 -> found_file = 0 /* EEXIST */
#endif
    fi
  };
  UNSHARE;
  atomic {
    if
    :: found_file || call == CALL_CREATE -> found_file = 0; goto next
    :: else -> found_file = 0; goto open
    fi
  }
}
