/*
 * Lists of scopes: names with one blank between two. Source: RFC 6749, section
 * 3.3.
 */
#ifndef LATCHKEY_LIB_SCOPE_H
#define LATCHKEY_LIB_SCOPE_H

#include "lib/buf.h"

#define SCOPE_MAX_CHARS 32 /* of the name of a scope that a user has */
#define SCOPE_USER_MAX 16  /* of which one has so many at most */
#define SCOPE_OFFLINE "offline_access" /* asks for a refresh token */

/*
 * Is it a list of one or more names, of any length: of ASCII that can be seen,
 * without " and \?
 */
bool scope_is_list(const char *s) MUST_CHECK;

/* Is it one such name, of SCOPE_MAX_CHARS at most? */
bool scope_is_name(const char *s) MUST_CHECK;

/* Is this name in a list? NULL: the list is empty. */
bool scope_has(const char *list, const char *name) MUST_CHECK;

/* Are all names of the one list in the other? NULL: a list is empty. */
bool scope_has_all(const char *list, const char *wanted) MUST_CHECK;

/* The same, but this name (NULL: none) need not be in it. */
bool scope_has_all_but(
    const char *list, const char *wanted, const char *but) MUST_CHECK;

/*
 * The names of a list that are among the wanted ones, in the order of the list
 * and each once, as a list in arena a; NULL: there is none. Blanks may separate
 * the wanted ones in any number, as in a form that somebody filled in. Either
 * may be NULL, an empty list.
 */
const char *scope_common(
    const char *list, const char *wanted, struct arena *a) MUST_CHECK;

/*
 * The same, but where none is wanted by name, offline_access aside, all of the
 * list: most clients have never heard of scopes. Source: RFC 6749, section 3.3.
 */
const char *scope_choose(
    const char *list, const char *wanted, struct arena *a) MUST_CHECK;

#endif
