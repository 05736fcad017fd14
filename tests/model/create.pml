/* SPDX-License-Identifier: MIT
 *
 * How a client creates an object: claim, open, check, publish; or an ordinary file. A part of proctype Client, whose
 * variables and labels it uses.
 */

inline create_object() {
#ifdef RULE_11
  SHARE;
#endif
#ifdef WITHOUT_RULE_4_CLAIM
  atomic { /* open the pool's entry where it lies */
    CLIENT_MAY_DIE;
    i = pool;
    if
    :: i == 0 -> goto fallback
    :: else -> g = inode[i].generation; k = inode[i].number; o = LEADS_TO(i); i = 0
    fi;
    if
    :: o == 0 -> g = 0; k = 0; goto fallback
    :: else
    fi
  };
  atomic { /* rename(2) it, RENAME_NOREPLACE */
    CLIENT_MAY_DIE;
    if
    :: pool == 0 -> o = 0; g = 0; k = 0; goto fallback
    :: pool != 0 && name[n] != 0 -> o = 0; g = 0; k = 0; goto next
    :: else -> name[n] = pool; pool = 0
    fi;
    S2(inode[name[n]].object == o);
    o = 0; g = 0; k = 0;
    goto next
  };
#endif
  atomic { /* rename(2) a pool entry to a name of our own */
    CLIENT_MAY_DIE;
    if
    :: pool == 0 -> goto fallback
    :: else
    fi;
    if
    :: MY_CLAIM != 0 -> i = MY_CLAIM; drop(i); i = 0
    :: else
    fi;
    MY_CLAIM = pool;
    g = inode[pool].generation; k = inode[pool].number;
    pool = 0
  };
  atomic { /* open(2) it */
    CLIENT_MAY_DIE;
    o = (MY_CLAIM == 0 -> 0 : LEADS_TO(MY_CLAIM))
  };
  atomic { /* check its name; then fchmod(2) */
    CLIENT_MAY_DIE;
    if
    :: o == 0 -> goto give_claim_back
#ifndef WITHOUT_RULE_2
    :: o != 0 && !LABEL_IS(o, g, k) -> goto give_claim_back
#endif
    :: else
    fi
  };
  atomic { /* publish: rename(2) with RENAME_NOREPLACE, or link(2) and unlink(2) */
    CLIENT_MAY_DIE;
    if
    :: MY_CLAIM == 0 -> /* ENOENT: somebody took the claim away */
       o = 0; g = 0; k = 0;
       goto created_nothing
    :: MY_CLAIM != 0 && name[n] != 0 -> goto give_claim_back /* EEXIST */
    :: else -> name[n] = MY_CLAIM; MY_CLAIM = 0
    fi;
    S2(inode[name[n]].object == o);
    o = 0; g = 0; k = 0
  };
#ifdef RULE_11
  UNSHARE;
#endif
  goto next;

give_claim_back:
  atomic {
    CLIENT_MAY_DIE;
    if
    :: MY_CLAIM != 0 -> i = MY_CLAIM; drop(i); MY_CLAIM = 0; i = 0
    :: else
    fi;
    o = 0; g = 0; k = 0
  };
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
