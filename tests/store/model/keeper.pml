/* SPDX-License-Identifier: MIT
 *
 * The keeper: it offers a pool of ready objects, and closes those that no name leads to.
 */

#define KEEPER_MAY_DIE                            \
  if                                              \
  :: keeper_deaths > 0 -> keeper_deaths--; goto die \
  :: skip                                         \
  fi

#include "generation.pml"

/* A keeper, or a twin of one that runs. t is the number of its table. */
proctype Keeper(byte t; bit is_twin) {
  byte process = 0;
  byte j, i, o, k;
  bit holds_exclusive = 0;

  if
  :: is_twin -> goto guard
  :: else
  fi;

  /* flock(2) decides between keepers that start at once. */
end_start: /* one that is not needed waits here */
#ifdef WITHOUT_THE_KEEPER_LOCK
  atomic { keeper_lock = t + 1;
#else
  atomic { keeper_lock == 0 -> keeper_lock = t + 1;
#endif
    process = 1;
    do
    :: keeper_of[process] != 0 -> process++
    :: else -> break
    od;
    keeper_of[process] = t + 1; /* the lowest one that is free: a dead keeper's is used again */
    alive[t]++
  };

  begin_generation();

begin:
  atomic { /* symlink(2): the new generation */
    KEEPER_MAY_DIE;
    if
    :: generations < GENERATIONS ->
       generations++;
       generation_link[generations] = process;
       table[t].generation = generations;
       if
       :: TWIN && !is_twin -> run Keeper(t, 1)
       :: else
       fi
    :: else -> goto die /* the model has no generation left */
    fi
  };

serve:
end_serve:
  do
  :: atomic { /* a free number: a new object, memfd_create(2) */
       (pool == 0 && half[t] == 0 && objects < OBJECTS && !is_over &&
        (table[t].object[0] == 0 || (NUMBERS > 1 && table[t].object[NUMBERS - 1] == 0))) ->
       KEEPER_MAY_DIE;
       k = (table[t].object[0] == 0 -> 0 : NUMBERS - 1);
       if
       :: table[t].issued[k] && generations < GENERATIONS -> /* an alias: another generation of the same process */
#ifndef WITHOUT_RULE_1
          generations++;
          generation_link[generations] = process;
          table[t].generation = generations;
          table[t].issued[0] = 0; table[t].issued[NUMBERS - 1] = 0
#endif
       :: table[t].issued[k] && generations >= GENERATIONS -> goto idle
       :: else
       fi;
       table[t].issued[k] = 1;
       new_object(o);
       label_generation[o] = table[t].generation;
       label_number[o] = k;
       table[t].object[k] = o
     };
     atomic { /* symlink(2), and a watch on it */
       KEEPER_MAY_DIE;
       new_inode(i);
       inode[i].kind = LINK; inode[i].links = 1; inode[i].watched = 1;
       inode[i].generation = table[t].generation; inode[i].number = k; inode[i].object = o;
       table[t].link[k] = i;
       half[t] = i;
       i = 0; o = 0; k = 0
     };
     atomic { /* rename(2): it is offered */
       KEEPER_MAY_DIE;
       pool = half[t]; half[t] = 0
     }

#ifdef WITHOUT_RULE_6
     /* Look for a name that leads to the object, one after the other, and close what none leads to. */
  :: atomic { table[t].link[0] != 0 && table[t].link[0] != pool && half[t] == 0 && name[0] != table[t].link[0] -> k = 0 };
     atomic {
       KEEPER_MAY_DIE;
       if
       :: (NAMES == 1 || name[NAMES - 1] != table[t].link[0]) && pool != table[t].link[0] &&
          table[t].link[0] != 0 -> goto close_number
       :: else
       fi
     }
#endif
  :: atomic { /* inotify says that a link's own inode has changed: fstat(2) gives a link count of 0 */
       (table[t].link[0] != 0 && inode[table[t].link[0]].links == 0) -> k = 0; goto close_number }
  :: atomic {
       (NUMBERS > 1 && table[t].link[NUMBERS - 1] != 0 && inode[table[t].link[NUMBERS - 1]].links == 0) ->
       k = NUMBERS - 1; goto close_number }
  :: atomic { keeper_deaths > 0 -> keeper_deaths--; goto die } /* while it waits */
  od;

close_number:
  atomic {
    KEEPER_MAY_DIE;
    j = 0;
    do
    :: j < NAMES ->
       S3(name[j] == 0 || inode[name[j]].kind != LINK || inode[name[j]].object != table[t].object[k]);
       j++
    :: else -> j = 0; break
    od;
    i = table[t].link[k];
    inode[i].watched = 0;
    if
    :: inode[i].links == 0 ->
       inode[i].kind = NOTHING; inode[i].generation = 0; inode[i].number = 0; inode[i].object = 0
    :: else
    fi;
    table[t].link[k] = 0;
    table[t].object[k] = 0;
    i = 0; k = 0
  };
  goto serve;

idle: /* only the model ends here */
end_idle:
  false;

guard: /* the twin: it waits for the end of the other */
  atomic {
    alive[t]++;
    process = 1;
    do
    :: keeper_of[process] != 0 -> process++
    :: else -> break
    od;
    keeper_of[process] = t + 1
  };
end_guard:
  atomic {
    alive[t] == 1 -> KEEPER_MAY_DIE
  };
  take_over();
  goto serve;

die:
  atomic {
    keeper_of[process] = 0;
    alive[t]--;
    if
    :: holds_exclusive -> exclusive = 0; holds_exclusive = 0
    :: else
    fi;
    if
    :: alive[t] == 0 -> /* the kernel closes the table: watches and the lock go with it */
       if
       :: keeper_lock == t + 1 -> keeper_lock = 0
       :: else
       fi;
       k = 0;
       do
       :: k < NUMBERS ->
          table[t].object[k] = 0;
          i = table[t].link[k];
          if
          :: i != 0 ->
             inode[i].watched = 0;
             if
             :: inode[i].links == 0 ->
                inode[i].kind = NOTHING; inode[i].generation = 0; inode[i].number = 0; inode[i].object = 0
             :: else
             fi
          :: else
          fi;
          table[t].link[k] = 0;
          k++
       :: else -> break
       od;
       k = 0; i = 0
    :: else
    fi
  }
}
