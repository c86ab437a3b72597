/*
 * Memory that all processes of a `latchkey serve` share, in sections of whole
 * pages: made once before the fork, read-only for a process that only reads.
 *
 * The first section is a file, so that `latchkey status` can read it; no
 * process can open the others. Nothing that is read from a section is trusted:
 * a worker may die at any instruction, and may leave anything behind.
 */
#ifndef LATCHKEY_STATS_SHM_H
#define LATCHKEY_STATS_SHM_H

#include "base.h"

struct shm_section {
	const char *name;
	size_t bytes;
	size_t begin_bytes; /* of a file: written by use() and the supervisor */
	uint64_t (*layout)(void); /* of a file: a digest of what stands where */
	void (*use)(void *memory); /* the owner takes the memory over, all 0 */
};

/*
 * For the supervisor, once, before it forks: make the sections, NULL at the
 * end, the first of them in the place of file, and have their owners use them.
 * As long as this process or a worker of it lives, no other can do so for the
 * same file; but one whose shm_file() is `before` (-1: none), which is closed.
 * False, with a line on standard error: another one lives, or there is no
 * memory; then it can be called again.
 */
bool shm_create(const char *file, const struct shm_section *const *sections,
    int before) MUST_CHECK;

/*
 * Could shm_create() make a file with this section in the place of file? Makes
 * one beside it, and removes it. False, with a line on standard error: no.
 */
bool shm_is_possible(
    const char *file, const struct shm_section *section) MUST_CHECK;

/* The descriptor of the file, for a program that takes this one's place. */
int shm_file(void);

/*
 * For a process that shares nothing: copy the section of a file that another
 * one has made to out, section->bytes long. The file may be anything. False,
 * with a line on standard error: no process serves with it, or it is of another
 * layout.
 */
bool shm_load(
    const char *file, const struct shm_section *section, void *out) MUST_CHECK;

/* Does a process serve with this file now? Nothing is said. */
bool shm_is_served(const char *file);

/*
 * Take room on the disk for this part of the first section: without it, to
 * write there would end the process with SIGBUS. False: there is none.
 */
bool shm_reserve(const void *at, size_t bytes) MUST_CHECK;

/*
 * For a worker, before it takes requests: from now on it can only read this
 * section; not for the first section. Without shm_create() nothing changes.
 * False: not possible.
 */
bool shm_read_only(const struct shm_section *section) MUST_CHECK;

/*
 * In a process that does not need a section: put private zeros in its place.
 * False: see errno.
 */
bool shm_hide(const struct shm_section *section) MUST_CHECK;

/*
 * The same with all of them, and with the file: in a process of a worker that
 * shares nothing. False: see errno.
 */
bool shm_hide_all(void) MUST_CHECK;

/*
 * For a worker: close the descriptors. From then on it reserves nothing, and
 * cannot protect a section.
 */
void shm_leave(void);

/* Add a text to a digest; of two the order counts. */
uint64_t shm_digest_text(uint64_t digest, const char *s);

/* The same of a number. */
uint64_t shm_digest_number(uint64_t digest, int64_t n);

#endif
