/*
 * Memory of yescrypt hashes, kept from one hash to the next. libxcrypt maps and
 * unmaps it at each call, and has no option to keep it.
 *
 * The program's mmap() and munmap() precede libc's when libxcrypt's calls are
 * resolved. Memory that is mapped while a hash is computed, and looks like
 * yescrypt's, is taken from here and returned here. All other calls go to the
 * system unchanged, and so will all of them if libxcrypt ever changes.
 *
 * At cost 5, on a machine of two processors, a hash takes 11.1 ms instead of
 * 20.0, without any of the 4103 page faults: 1.8 times as many hashes. Pages of
 * the usual size give 1.7. Huge pages alone, released each time, give 1.5 with
 * 15 page faults, as the system clears the memory for each hash; and so does
 * wiping it ourselves after each.
 *
 * yescrypt writes its memory before it reads it, so the rest of the last hash
 * has no effect. (From cost 5 on it does so itself: a smaller hash comes first,
 * in the same memory.) But it was made of a password; so it is kept out of core
 * files and forks, and wiped in the end.
 */
#undef _FILE_OFFSET_BITS /* it would rename our mmap() to mmap64() */
#include "base.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "crypto/hashmem.h"

#define MIB ((size_t)1 << 20)
#define HUGE_PAGE (2 * MIB)
#define ANY_PAGE                                                     \
	((size_t)1 << 16) /* a multiple of every machine's page size \
	                   */

static struct {
	bool on;
	bool hashing; /* between begin and end */
	char *base;   /* NULL: nothing is kept */
	size_t bytes;
	size_t lent; /* mapped by libxcrypt, and not unmapped yet */
	uint64_t matches;
} kept;

static int
unmap(void *addr, size_t n)
{
	return (int)syscall(SYS_munmap, addr, n);
}

#ifndef HASHMEM_ABSENT
#define EXPORTED __attribute__((visibility("default")))

/*
 * Is this a call of yescrypt's? From 32 MiB on it asks for pages of hugetlbfs
 * first, which need not be reserved here.
 */
static bool
is_yescrypts(const void *addr, size_t n, int prot, int flags, int fd)
{
	const int hugetlb =
	    MAP_HUGETLB | (int)((unsigned)MAP_HUGE_MASK << MAP_HUGE_SHIFT);

	return addr == NULL && n >= MIB && n <= 2048 * MIB &&
	       prot == (PROT_READ | PROT_WRITE) &&
	       (flags & ~hugetlb) == (MAP_PRIVATE | MAP_ANONYMOUS) && fd == -1;
}

/*
 * Map n bytes aligned for huge pages. Without these it works too, so the result
 * of madvise(2) does not matter.
 */
static void
map_kept(size_t n)
{
	size_t room, before;
	char *p;

	n = (n + ANY_PAGE - 1) & ~(ANY_PAGE - 1);
	room = n + HUGE_PAGE;
	p = (char *)syscall(SYS_mmap, NULL, room, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return;
	before = -(uintptr_t)p % HUGE_PAGE;
	if (before > 0)
		unmap(p, before);
	unmap(p + before + n, room - before - n);
	kept.base = p + before;
	kept.bytes = n;
	madvise(kept.base, n, MADV_HUGEPAGE);
	madvise(kept.base, n, MADV_DONTDUMP);
	madvise(kept.base, n, MADV_WIPEONFORK);
}

/* False: it is in use already, or there is not enough memory. */
static bool
lend(size_t n)
{
	if (kept.lent > 0)
		return false;
	if (kept.bytes >= n) {
		kept.matches++;
	} else {
		hashmem_release();
		map_kept(n);
	}
	if (kept.base != NULL)
		kept.lent = n;
	return kept.base != NULL;
}

EXPORTED void *
mmap(void *addr, size_t n, int prot, int flags, int fd, off_t offset)
{
	if (kept.on && kept.hashing && is_yescrypts(addr, n, prot, flags, fd) &&
	    lend(n))
		return kept.base;
	return (void *)syscall(SYS_mmap, addr, n, prot, flags, fd, offset);
}

EXPORTED int
munmap(void *addr, size_t n)
{
	if (kept.lent == 0 || addr != kept.base || n != kept.lent)
		return unmap(addr, n);
	kept.lent = 0;
	return 0;
}
#endif

void
hashmem_keep(bool on)
{
	kept.on = on;
	if (!on)
		hashmem_release();
}

void
hashmem_release(void)
{
	if (kept.base == NULL)
		return;
	explicit_bzero(kept.base, kept.bytes);
	unmap(kept.base, kept.bytes);
	kept.base = NULL;
	kept.bytes = 0;
}

uint64_t
hashmem_matches(void)
{
	return kept.matches;
}

void
hashmem_begin(void)
{
	kept.hashing = true;
}

void
hashmem_end(void)
{
	kept.hashing = false;
	if (kept.lent == 0)
		return;
	/* not unmapped as it was mapped: an unknown version of libxcrypt */
	kept.on = false;
	kept.base = NULL;
	kept.bytes = kept.lent = 0;
}
