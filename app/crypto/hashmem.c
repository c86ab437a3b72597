/*
 * The memory of a yescrypt hash, kept from one hash to the next. libxcrypt maps
 * and unmaps it at each call, and has no way to be told otherwise.
 *
 * The program's own mmap() and munmap() stand before libc's when libxcrypt's
 * calls are resolved. What is mapped while a hash is computed, and looks as
 * yescrypt's memory does, is taken from here and comes back here. All else goes
 * on to the system untouched, and so does everything should libxcrypt come to
 * do it in another way.
 *
 * At cost 5, on a machine of two processors, that takes 11.1 ms of one in the
 * place of 20.0, without any of the 4103 page problems: 1.8 times as many
 * hashes. Pages of the usual size give 1.7. Huge pages alone, given back each
 * time, give 1.5 with 15 problems, as the system clears the memory for each
 * hash; and so does a wipe of our own after each.
 *
 * yescrypt writes its memory before it reads it, so what the last hash left
 * there is of no effect. (From cost 5 on it does so itself: a smaller hash
 * comes first, in the same memory.) But it was made of a password; hence it is
 * kept out of core files and forks, and wiped in the end.
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
#define ANY_PAGE ((size_t)1 << 16) /* what the pages of all machines divide */

static struct {
	bool on;
	bool hashing; /* between begin and end */
	char *base;   /* NULL: nothing is kept */
	size_t bytes;
	size_t lent; /* what libxcrypt has asked for and not given back yet */
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
 * Does yescrypt ask so? From 32 MiB on it asks for pages of hugetlbfs first,
 * which nobody has to have reserved here.
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
 * Map n bytes that begin where a huge page can. Not to get these is no harm,
 * so what madvise(2) says does not matter.
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

/* False: it is in use already, or the system does not have so much. */
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
	/* it was not given back as it was lent: a libxcrypt that we do not know
	 */
	kept.on = false;
	kept.base = NULL;
	kept.bytes = kept.lent = 0;
}
