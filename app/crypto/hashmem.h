/*
 * Memory of yescrypt hashes, kept from one hash to the next.
 */
#ifndef LATCHKEY_CRYPTO_HASHMEM_H
#define LATCHKEY_CRYPTO_HASHMEM_H

#include "base.h"

/*
 * Sanitizers have another mmap(), 32-bit systems and IBM Z another system call:
 * there all of this can be called, and nothing is ever kept.
 */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
    !defined(__LP64__) || defined(__s390x__)
#define HASHMEM_ABSENT
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) || \
    __has_feature(thread_sanitizer)
#define HASHMEM_ABSENT
#endif
#endif

/*
 * Keep the memory of hashes from now on; or, as it is to begin with, leave it
 * to libxcrypt, and release what was kept.
 */
void hashmem_keep(bool on);

/*
 * Wipe and release the kept memory. The next hash maps it again. For a worker
 * that has had nothing to hash for a while.
 */
void hashmem_release(void);

/* How often this process, or its parents, reused kept memory. */
uint64_t hashmem_matches(void);

/*
 * Before a call of libxcrypt that computes a hash: memory mapped from here to
 * hashmem_end() can be kept. Calls do not nest.
 */
void hashmem_begin(void);

/* After that call, whether it succeeded or not. */
void hashmem_end(void);

#endif
