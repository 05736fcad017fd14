/* SPDX-License-Identifier: MIT
 *
 * The life of ROOT, for spin: a part of the protocol of its own, beside store.pml. Clients that create an object make
 * ROOT where it is missing, and start a keeper; a keeper that holds nothing ends and removes it; and as long as there is
 * none, a stranger may make one under that name, with a lock and a pool that leads to his memory, and remove it again.
 *
 * ROOT and the files in it are found by their paths, at each step anew. A lock that is held is that of a file, which may
 * have been removed meanwhile. The lock of starters (`start` in preload/store/lock.h) is left out: it saves work only.
 *
 * Constants: CLIENTS, INCARNATIONS (how often ROOT may be made), WITHOUT_... (a rule is removed).
 *
 * Properties:
 *   S3  no object that a name leads to is closed by its keeper
 *   S6  what a client creates is no stranger's memory
 */
#ifndef CLIENTS
#define CLIENTS 2
#endif
#ifndef INCARNATIONS
#define INCARNATIONS 3
#endif

hidden byte violates_S3, violates_S6;
#define S3(condition) assert((condition) || violates_S3)
#define S6(condition) assert((condition) || violates_S6)

/* What is there by the name of ROOT: its incarnation, counted from 1; 0: nothing. */
byte root = 0;
byte incarnations = 0;
typedef Incarnation {
  bit strangers;  /* who has made it */
  byte shared;    /* the lock of the names in its lock file */
  bit exclusive;
  bit has_keeper; /* the keeper's lock */
  bit is_offered; /* its pool has entries */
};
Incarnation is[INCARNATIONS + 1];
byte name[CLIENTS]; /* the incarnation whose keeper holds its object; 0: nothing has the name */

/* open(2) of ROOT/lock, and fcntl(2): the lock is that of r. Then: is it still the lock of our store? */
#ifdef WITHOUT_THE_LOOK_AT_THE_LOCK
#define IS_REMOVED(r) false
#else
#define IS_REMOVED(r) (root != (r))
#endif
#ifdef WITHOUT_THE_LOCKS_OWNER
#define IS_STRANGERS(r) false
#else
#define IS_STRANGERS(r) is[r].strangers
#endif

proctype Keeper() {
  byte r;

end_start:
  atomic { root != 0 && !is[root].has_keeper && !is[root].strangers -> r = root; is[r].has_keeper = 1 };
  atomic {
    if
    :: IS_REMOVED(r) -> goto end
    :: else -> is[r].is_offered = 1
    fi
  };
  /* Some time later it holds nothing but its pool. */
#ifndef WITHOUT_THE_LOCK_AT_THE_END
  atomic { is[r].shared == 0 -> is[r].exclusive = 1 };
#endif
  atomic { /* inotify says what has become of the entries */
    byte c = 0;
    do
    :: c < CLIENTS && name[c] == r -> c = 0; is[r].exclusive = 0; goto holds
    :: c < CLIENTS && name[c] != r -> c++
    :: c == CLIENTS -> c = 0; break
    od
  };
  atomic { is[r].is_offered = 0 }; /* unlink(2) of the entries */
  atomic { /* unlink(2) of the lock, rmdir(2) */
    if
    :: root == r -> root = 0
    :: else
    fi
  };
  atomic { /* exit: its objects are gone, and what it had locked is free */
    byte d = 0;
    do
    :: d < CLIENTS -> S3(name[d] != r); d++
    :: else -> d = 0; break
    od
  };
end:
  atomic { is[r].exclusive = 0; is[r].has_keeper = 0; r = 0; run Keeper() };
  goto done;
holds:
end_holds:
  false;
done:
  skip
}

proctype Client(byte me) {
  byte r, p;

look: /* stat(2) of ROOT */
  if
  :: atomic { root != 0 && is[root].strangers -> goto done } /* a file */
  :: atomic { root != 0 && !is[root].strangers -> goto lock }
  :: atomic { root == 0 -> skip }
  fi;
make: /* mkdir(2), and what belongs into it; a keeper is started */
  atomic {
    if
    :: root == 0 && incarnations < INCARNATIONS -> incarnations++; root = incarnations
    :: root == 0 && incarnations == INCARNATIONS -> goto done /* the model has no more */
    :: else
    fi
  };
lock: /* open(2) */
  atomic {
    if
    :: root == 0 -> goto look
    :: else -> r = root
    fi
  };
  atomic { !is[r].exclusive -> is[r].shared++ }; /* fcntl(2) */
  atomic { /* fstat(2) */
    if
    :: IS_STRANGERS(r) -> is[r].shared--; goto done /* a file */
    :: !IS_STRANGERS(r) && IS_REMOVED(r) -> is[r].shared--; goto look
    :: else
    fi
  };
  atomic { /* open(2) of an entry */
    if
    :: root == 0 || !is[root].is_offered -> is[r].shared--; goto wait
    :: else -> p = root
    fi
  };
  atomic { /* rename(2) */
    if
    :: root == p && is[p].is_offered -> name[me] = p; S6(!is[p].strangers)
    :: else -> is[r].shared--; p = 0; goto look
    fi
  };
  atomic { is[r].shared-- };
  goto done;
wait: /* it asks the keeper for more */
end_wait:
  if
  :: atomic { root == 0 || is[root].strangers || is[root].is_offered -> goto look }
  fi;
done:
  skip
}

proctype Stranger() {
end_stranger:
  atomic { root == 0 && incarnations < INCARNATIONS ->
    incarnations++;
    root = incarnations;
    is[root].strangers = 1;
    is[root].is_offered = 1
  };
  if
  :: atomic { root != 0 && is[root].strangers -> root = 0 } /* he can remove only his own */
  :: skip
  fi
}

init {
  byte j = 0;
  atomic {
    run Keeper();
    run Stranger();
    do
    :: j < CLIENTS -> run Client(j); j++
    :: else -> j = 0; break
    od
  }
}
