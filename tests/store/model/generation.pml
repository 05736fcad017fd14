/* SPDX-License-Identifier: MIT
 *
 * How a keeper begins when another one has died: rule 9 for a new keeper, rule 8 for a twin. Parts of proctype Keeper, whose
 * variables and labels they use.
 */

/* A new generation, in the order of rule 9. */
inline begin_generation() {
#ifndef WITHOUT_RULE_9_POOL
  atomic {
    KEEPER_MAY_DIE;
    if
    :: pool != 0 -> i = pool; drop(i); pool = 0; i = 0
    :: else
    fi
  };
#endif
  j = 1;
  do
  :: j <= GENERATIONS ->
     atomic {
       KEEPER_MAY_DIE;
       generation_link[j] = 0;
       j++
     }
  :: else -> j = 0; break
  od;
#ifdef WITHOUT_RULE_9_SWEEP
  goto begin;
#endif
#ifndef WITHOUT_RULE_10
  atomic { !exclusive && shared == 0 -> exclusive = 1; holds_exclusive = 1 };
#endif
  do
  :: j < NAMES ->
     atomic { /* stat(2): does it dangle? */
       KEEPER_MAY_DIE;
       if
       :: name[j] != 0 && inode[name[j]].kind == LINK && LEADS_TO(name[j]) == 0 -> k = 1
       :: else -> k = 0
       fi
     };
     atomic { /* unlink(2): of the name, whatever it refers to by now */
       KEEPER_MAY_DIE;
       if
       :: k == 1 && name[j] != 0 ->
          S3(IS_DANGLING(name[j]) || inode[name[j]].planted); /* not a live file, nor an object */
          i = name[j]; drop(i); name[j] = 0; i = 0
       :: else
       fi;
       k = 0;
       j++
     }
  :: else -> j = 0; break
  od;
#ifndef WITHOUT_RULE_10
  atomic { exclusive = 0; holds_exclusive = 0 };
#endif
}

/* The twin takes over: each alias leads to it from now on. */
inline take_over() {
  j = 1;
  do
  :: j <= generations ->
     atomic {
       KEEPER_MAY_DIE;
       if
       :: generation_link[j] != 0 -> generation_link[j] = process
       :: else
       fi;
       j++
     }
  :: else -> j = 0; break
  od;
  atomic { /* it does not know which numbers were issued last: a new alias */
    KEEPER_MAY_DIE;
#ifdef WITHOUT_RULE_8_ALIAS
    table[t].issued[0] = 0; table[t].issued[NUMBERS - 1] = 0
#else
    if
    :: generations < GENERATIONS ->
       generations++;
       generation_link[generations] = process;
       table[t].generation = generations;
       table[t].issued[0] = 0; table[t].issued[NUMBERS - 1] = 0
    :: else -> skip
    fi
#endif
  };
#ifndef WITHOUT_RULE_8_HALF
  atomic { /* what was half made: an entry that is not offered, and an object without a link */
    KEEPER_MAY_DIE;
    if
    :: half[t] != 0 -> i = half[t]; drop(i); half[t] = 0; i = 0
    :: else
    fi;
    if
    :: table[t].object[0] != 0 && table[t].link[0] == 0 -> table[t].object[0] = 0
    :: else
    fi;
    if
    :: table[t].object[NUMBERS - 1] != 0 && table[t].link[NUMBERS - 1] == 0 -> table[t].object[NUMBERS - 1] = 0
    :: else
    fi
  };
#endif
}
