/* SPDX-License-Identifier: MIT
 *
 * Another user, who has no rights but those of the objects' modes, which allow everybody everything or nothing. He can read
 * a link in a directory that he may search, and so knows its token; he can guess what a link in another directory
 * says; and he can plant a link with any text. A part of proctype Client, whose variables and labels it uses.
 */
inline act_as_stranger() {
  atomic {
    CLIENT_MAY_DIE;
    if
    :: name[n] != 0 && inode[name[n]].kind == LINK && !inode[name[n]].planted -> /* the token belongs to the object */
       i = name[n];
       g = inode[i].generation; k = inode[i].number; wanted = inode[i].object; i = 0
    :: generations > 0 -> g = generations; k = 0; wanted = 0
    :: generations > 0 -> g = generations; k = NUMBERS - 1; wanted = 0
    :: generations > 0 && name[n] == 0 ->
       new_inode(i);
       inode[i].kind = LINK; inode[i].links = 1; inode[i].planted = 1;
       inode[i].generation = generations;
       if
       :: skip
       :: inode[i].number = NUMBERS - 1
       fi;
       name[n] = i;
       i = 0; goto next
    :: else -> goto next
    fi
  };
  atomic { /* the keeper looks at its table, the pair and the token in one step */
    CLIENT_MAY_DIE;
    o = TEXT_LEADS_TO(g, k);
    if
    :: o != 0 && !LABEL_IS(o, g, k) -> o = 0
    :: else
    fi;
#ifndef WITHOUT_THE_TOKEN
    if
    :: wanted == 0 || o != wanted -> o = 0 /* EACCES */
    :: else
    fi;
#endif
    S6(o == 0 || o == wanted);
    if
#ifndef WITHOUT_THE_MODE
    :: o != 0 && !is_for_all[o] -> S7(!is_meant_for_all[o]) /* EACCES */
#endif
    :: else -> S7(o == 0 || is_meant_for_all[o])
    fi;
    o = 0; wanted = 0; g = 0; k = 0;
    goto next
  }
}
