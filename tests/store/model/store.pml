/* SPDX-License-Identifier: MIT
 *
 * The protocol of the memory store (docs/memory-store.md), for spin.
 *
 * The world: names in the backing directory; a keeper, which may have a twin that shares its descriptor table; clients
 * that open, create, unlink, rename and link names; any of them may die at any step, and a process id may be reused.
 * Each system call is one step. Everything between two of them can be interleaved with every other process.
 *
 * Constants set by tests/store/model/run:
 *   CLIENTS, OPERATIONS   clients, and how many calls each of them makes
 *   KEEPERS               keepers that may be started; all of them may be starting at once
 *   TWIN                  1: a keeper has a twin
 *   CLIENT_DEATHS, KEEPER_DEATHS   how many may die
 *   FOREIGN               1: the keeper of another directory may start, and may get a dead keeper's process id
 *   MIX                   a bit mask of the calls that clients make (see CALL_...)
 *   BEGIN_WITH_A_FILE     the first name is an ordinary file
 *   WITHOUT_RULE_n        the rule n of docs/memory-store.md is removed; one of the properties must then fail
 *
 * Properties, each an assertion:
 *   S1  an open returns the object of the link that it read
 *   S2  of racing O_EXCL creators one succeeds, and its descriptor is the object that the name leads to
 *   S3  no object that a name leads to is closed by its keeper, and no live file is swept
 *   S4  no name leads nowhere for ever
 *   S5  after all names are gone, the keeper holds its pool and nothing else
 *   S6  another user is given an object only if he has read its link, which he can where he may search the directory
 *   S7  ... and then if, and only if, the mode that its creator has asked for allows it
 */
#include "world.pml"
#include "client.pml"
#include "keeper.pml"

#if FOREIGN
/* The keeper of another directory: it holds objects of its own under every number. */
proctype Foreigner() {
  byte process = 1;
  byte j;
end_foreign:
  atomic {
    objects < OBJECTS -> /* one object for all of its numbers is enough */ skip;
    do
    :: keeper_of[process] != 0 -> process++
    :: else -> break
    od;
    objects++;
    do
    :: j < NUMBERS -> table[KEEPERS].object[j] = objects; j++
    :: else -> j = 0; break
    od;
    keeper_of[process] = KEEPERS + 1
  }
}
#endif

init {
  byte j, held;

  atomic {
#ifdef BEGIN_WITH_A_FILE
    objects = 1;
    inode[1].kind = FILE; inode[1].links = 1; inode[1].object = 1;
    name[0] = 1;
#endif
    j = 0;
    do
    :: j < KEEPERS -> run Keeper(j, 0); j++
    :: else -> break
    od;
#if FOREIGN
    run Foreigner();
#endif
    j = 0;
    do
    :: j < CLIENTS -> run Client(j); j++
    :: else -> j = 0; break
    od
  };

  /* All calls are over, and keepers have nothing left to do. */
  finished == CLIENTS;
  timeout;
  atomic {
    do
    :: j < NAMES ->
       S4(keeper_lock == 0 || name[j] == 0 || !IS_DANGLING(name[j]));
       j++
    :: else -> j = 0; break
    od;
    is_over = 1;
    do
    :: j < NAMES ->
       if
       :: name[j] != 0 -> held = name[j]; drop(held); name[j] = 0; held = 0
       :: else
       fi;
       j++
    :: else -> j = 0; break
    od
  };
  timeout;
  atomic {
    if
    :: keeper_lock != 0 ->
       do
       :: j < NUMBERS ->
          S5(table[keeper_lock - 1].object[j] == 0 ||
             (pool != 0 && table[keeper_lock - 1].link[j] == pool));
          j++
       :: else -> j = 0; break
       od
    :: else
    fi
  }
}
