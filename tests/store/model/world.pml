/* SPDX-License-Identifier: MIT
 *
 * What clients and keepers share: the backing directory, descriptor tables, locks.
 */

#ifndef CLIENTS
#define CLIENTS 2
#endif
#ifndef OPERATIONS
#define OPERATIONS 1
#endif
#ifndef KEEPERS
#define KEEPERS 1
#endif
#ifndef TWIN
#define TWIN 0
#endif
#ifndef CLIENT_DEATHS
#define CLIENT_DEATHS 0
#endif
#ifndef KEEPER_DEATHS
#define KEEPER_DEATHS 0
#endif
#ifndef FOREIGN
#define FOREIGN 0
#endif
#ifndef NAMES
#define NAMES 2
#endif
#ifndef NUMBERS
#define NUMBERS 2
#endif
#ifndef INODES
#define INODES 7
#endif
#ifndef OBJECTS
#define OBJECTS 5
#endif
#ifndef GENERATIONS
#define GENERATIONS 4
#endif
#define PIDS (KEEPERS * (1 + TWIN) + FOREIGN)

#define CALL_OPEN 1
#define CALL_CREATE 2 /* O_CREAT|O_EXCL */
#define CALL_OPEN_OR_CREATE 4 /* O_CREAT */
#define CALL_UNLINK 8
#define CALL_RENAME 16
#define CALL_LINK 32
#define CALL_OPEN_AS_OTHER 64 /* through the keeper's socket */
#define CALL_AS_STRANGER 128 /* another user reads a link, guesses one, or plants one */
#ifndef MIX
#define MIX 127
#endif

/* A violated property shows by its name in the text of the assertion. None of these is ever true. */
hidden byte violates_S1, violates_S2, violates_S3, violates_S4, violates_S5, violates_S6, violates_S7;
#define S1(condition) assert((condition) || violates_S1)
#define S2(condition) assert((condition) || violates_S2)
#define S3(condition) assert((condition) || violates_S3)
#define S4(condition) assert((condition) || violates_S4)
#define S5(condition) assert((condition) || violates_S5)
#define S6(condition) assert((condition) || violates_S6)
#define S7(condition) assert((condition) || violates_S7)

#define NOTHING 0
#define LINK 1
#define FILE 2

/* What a directory entry refers to. A link's text is (generation, number). */
typedef Inode {
  byte kind;
  byte generation;
  byte number;
  byte links;
  bit watched; /* a keeper watches it: its number is not reused */
  bit planted; /* another user owns it than the keeper's */
  byte object; /* for the properties alone: the object that this link was made for, or that the file is */
};
Inode inode[INODES + 1]; /* 0 is none */

byte name[NAMES];
byte pool;
byte taken_by[NUMBERS]; /* the lock of an entry's number: the client that holds it, counted from 1 */
byte half[KEEPERS]; /* a link that is not offered yet */

/* ROOT/<generation>: the process it leads to, 0 if it is not there. */
byte generation_link[GENERATIONS + 1];
byte generations = 0; /* how many were used: a random number that was never used before */

/* Which keeper a process id belongs to, counted from 1; 0 if there is no such process. */
byte keeper_of[PIDS + 1];

/* The descriptor table of a keeper and its twin; links_of is what they watch. */
typedef Table {
  byte object[NUMBERS];
  byte link[NUMBERS];
  bit issued[NUMBERS]; /* in the current generation: the record that twins share */
  byte generation;
};
Table table[KEEPERS + FOREIGN];
byte alive[KEEPERS];

/* The name of a memfd, by object. */
byte label_generation[OBJECTS + 1];
byte label_number[OBJECTS + 1];
byte objects = 0;
byte mode_of[OBJECTS + 1]; /* the client that has set it, counted from 1 */
bit is_for_all[OBJECTS + 1]; /* what the mode says; only where there is a stranger */
bit is_meant_for_all[OBJECTS + 1]; /* what its creator wanted, who makes the second name for all users */
/* The mark of a link: the kernel's file handle of its object. */
#ifdef WITHOUT_HANDLES_FOR_GOOD
#define HANDLE_OF(o) 1 /* a handle is used again */
#else
#define HANDLE_OF(o) (o)
#endif

byte keeper_lock = 0; /* flock: the keeper that holds it, counted from 1; its twin has it, too */
byte shared = 0;      /* the directory's lock: holders that share it */
bit exclusive = 0;

byte finished = 0;
byte client_deaths = CLIENT_DEATHS;
byte keeper_deaths = KEEPER_DEATHS;
bit is_over = 0; /* all clients have ended */

/* Where a link's text leads: 0 if it leads nowhere. */
#define KEEPER_AT(g) keeper_of[generation_link[g]]
#define LEADS_TO(i)                                                                 \
  (KEEPER_AT(inode[i].generation) == 0 -> 0 :                                       \
     table[KEEPER_AT(inode[i].generation) - 1].object[inode[i].number])
#define TEXT_LEADS_TO(g, k) (KEEPER_AT(g) == 0 -> 0 : table[KEEPER_AT(g) - 1].object[k])
#define IS_DANGLING(i) (inode[i].kind == LINK && !inode[i].planted && LEADS_TO(i) != inode[i].object)
#define LABEL_IS(o, g, k) (label_generation[o] == (g) && label_number[o] == (k))

/* An entry that referred to inode i is gone. */
inline drop(i) {
  inode[i].links--;
  if
  :: inode[i].links == 0 && !inode[i].watched ->
     inode[i].kind = NOTHING; inode[i].generation = 0; inode[i].number = 0; inode[i].object = 0;
     inode[i].planted = 0
  :: else
  fi
}

inline new_inode(i) {
  i = 1;
  do
  :: i <= INODES && inode[i].kind == NOTHING && !inode[i].watched -> break
  :: i <= INODES && (inode[i].kind != NOTHING || inode[i].watched) -> i++
  :: i > INODES -> assert(false) /* INODES is too small */
  od
}

inline new_object(o) {
  objects++;
  o = objects
}
