/*
 * argon2. The only file that knows libargon2.
 */
#include "base.h"

#include <string.h>
#include <sys/mman.h>

#include <argon2.h>

#include "crypto/hashmem.h"
#include "crypto/pwargon2.h"

/* As yescrypt asks for its own, so that hashmem.c can give what it keeps. */
static int
allocate(uint8_t **memory, size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return ARGON2_MEMORY_ALLOCATION_ERROR;
	*memory = p;
	return ARGON2_OK;
}

/* libargon2 has wiped it. */
static void
release(uint8_t *memory, size_t bytes)
{
	munmap(memory, bytes);
}

bool
pwargon2_derive(
    const struct pwspec *s, const char *password, unsigned char *out)
{
	static const argon2_type type[] = { Argon2_d, Argon2_i, Argon2_id };
	struct pwspec_bytes salt = s->salt;
	char text[PWHASH_PASSWORD_MAX_BYTES];
	argon2_context context = {
		.outlen = (uint32_t)s->want.n,
		.pwd = (uint8_t *)text,
		.pwdlen = (uint32_t)strlen(password),
		.salt = salt.b,
		.saltlen = (uint32_t)salt.n,
		.t_cost = (uint32_t)s->n,
		.m_cost = (uint32_t)s->kib,
		.lanes = s->p,
		/* else libargon2 starts a thread for each lane */
		.threads = 1,
		.version = s->version,
		.allocate_cbk = allocate,
		.free_cbk = release,
	};
	int result;

	context.out = out;
	memcpy(text, password, context.pwdlen);
	hashmem_begin();
	result = argon2_ctx(&context, type[s->variant]);
	hashmem_end();
	explicit_bzero(text, sizeof(text));
	return result == ARGON2_OK;
}
