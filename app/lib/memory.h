/*
 * Memory that a request lacked, and what it leaves in it, whichever library
 * asked for it.
 */
#ifndef LATCHKEY_LIB_MEMORY_H
#define LATCHKEY_LIB_MEMORY_H

#include "base.h"

/*
 * The program's malloc(), calloc(), realloc() and free() precede those that
 * they call, for libraries as well: they note that one failed, and wipe what is
 * freed. Absent where a sanitizer has its own, or another C library binds its
 * calls to itself: then nothing is noted, and nothing wiped.
 */
#if defined(__SANITIZE_ADDRESS__) || !defined(__GLIBC__)
#define MEMORY_ABSENT
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MEMORY_ABSENT
#endif
#endif

/* A request begins: nothing has failed yet. */
void memory_begin(void);

/*
 * Did an allocation fail since memory_begin()? Then libraries' answers are
 * worth nothing: most of them have one word for "wrong" and for "no memory".
 */
bool memory_lacked(void) MUST_CHECK;

/* ERR_BUSY in the place of e if an allocation failed, unless e is ERR_OK. */
enum err memory_err(enum err e) MUST_CHECK;

/*
 * From now on each block is wiped when it is freed, moved or shortened: for a
 * process that is sent passwords or holds the database's. A block of 256 KiB or
 * more goes back to the system instead.
 */
void memory_wipe_freed(void);

/*
 * After a request: wipe what its functions have left on the stack, where
 * memory_wipe_freed() was called. Elsewhere it does nothing.
 */
void memory_wipe_stack(void);

#endif
