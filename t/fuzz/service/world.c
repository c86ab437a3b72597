/*
 * Fake time, random bytes, hashes and log. getrandom(), write() and crypt_rn()
 * replace those of the C library and of libxcrypt.
 */
#include "world.h"

#include <stdio.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <crypt.h>
#include <openssl/sha.h>

#include "hash.h"

#define BCRYPT_SETTING 29 /* "$2b$04$" and the salt */
#define BCRYPT_PASSWORD_BYTES 72

struct happened world_happened;

static struct {
	int64_t now_s;
	unsigned char chance;
	size_t kept;
	char memory[1 << 20];
} world;

void
time_begins(void)
{
	world.kept = 0;
	world.now_s = WORLD_BEGINS_S;
	world.chance = 0;
	world_request();
}

void
world_request(void)
{
	memset(&world_happened, 0, sizeof(world_happened));
}

void
time_goes_on(int64_t s)
{
	world.now_s += s;
}

int64_t
world_now_s(void)
{
	return world.now_s;
}

const char *
keep(const char *s)
{
	char *p = world.memory + world.kept;
	size_t n;

	if (s == NULL)
		return NULL;
	n = strlen(s) + 1;
	assert(n <= sizeof(world.memory) - world.kept);
	world.kept += n;
	return memcpy(p, s, n);
}

/* Never twice the same within an input. */
ssize_t
getrandom(void *buffer, size_t length, unsigned flags)
{
	unsigned char *p = buffer;
	size_t i;

	(void)flags;
	world.chance++;
	for (i = 0; i < length; i++)
		p[i] = (unsigned char)(world.chance + 29 * i);
	return (ssize_t)length;
}

/*
 * A line of the log is looked at, and goes nowhere: it is one line, and nothing
 * in it does anything to a terminal.
 */
ssize_t
write(int fd, const void *buf, size_t n)
{
	const char *line = buf;
	size_t i;

	if (fd != STDERR_FILENO || n < 6 || memcmp(line, "level=", 6) != 0)
		return syscall(SYS_write, fd, buf, n);
	for (i = 0; i < n - 1; i++)
		assert(line[i] >= 0x20 && line[i] < 0x7f);
	assert(line[i] == '\n');
	return (ssize_t)n;
}

/* How much of a setting or hash is its setting; 0: it is none. */
static size_t
setting_len(const char *s)
{
	size_t n;

	if (strspn(s, "$./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	              "abcdefghijklmnopqrstuvwxyz") != strlen(s))
		return 0;
	if (strncmp(s, "$2", 2) == 0)
		return strlen(s) >= BCRYPT_SETTING ? BCRYPT_SETTING : 0;
	if (strncmp(s, "$y$", 3) != 0)
		return 0;
	n = 3 + strcspn(s + 3, "$");
	return s[n] == '$' ? n + 1 + strcspn(s + n + 1, "$") : 0;
}

/*
 * A hash in the form of the real one, but of SHA-256, which takes a
 * microsecond: a thousand inputs can be tried while the real one is made.
 */
bool
hash_make(const char *password, const char *setting, char out[HASH_BYTES])
{
	unsigned char digest[SHA256_DIGEST_LENGTH], all[HASH_BYTES + 512];
	bool bcrypt = strncmp(setting, "$2", 2) == 0;
	size_t i, n = setting_len(setting), len = strlen(password);

	if (n == 0 || n >= HASH_BYTES - 2 * sizeof(digest) - 1)
		return false;
	if (bcrypt && len > BCRYPT_PASSWORD_BYTES)
		len = BCRYPT_PASSWORD_BYTES;
	assert(n + len <= sizeof(all));
	memcpy(all, setting, n);
	memcpy(all + n, password, len); /* without its end: NOLINT */
	SHA256(all, n + len, digest);
	memcpy(out, setting, n);
	if (!bcrypt)
		out[n++] = '$';
	for (i = 0; i < sizeof(digest); i++)
		n += (size_t)snprintf(out + n, 3, "%02x", digest[i]);
	if (bcrypt)
		out[60] = '\0';
	return true;
}

char *
crypt_rn(const char *phrase, const char *setting, void *data, int size)
{
	struct happened *h = &world_happened;
	char *out = ((struct crypt_data *)data)->output;

	assert((size_t)size == sizeof(struct crypt_data));
	assert(strlen(phrase) < CRYPT_MAX_PASSPHRASE_SIZE);
	assert(h->hashes < (int)ARRAY_LEN(h->hashed));
	if (!hash_make(phrase, setting, out))
		return NULL;
	h->hashed[h->hashes] = keep(phrase);
	snprintf(h->made[h->hashes++], sizeof(h->made[0]), "%s", out);
	return out;
}

bool
world_has_hashed(const struct account *account)
{
	size_t n = SIZE_MAX;
	int i;

	if (account->password == NULL)
		return false;
	if (strncmp(account->hash, "$2", 2) == 0)
		n = BCRYPT_PASSWORD_BYTES;
	for (i = 0; i < world_happened.hashes; i++)
		if (strncmp(world_happened.hashed[i], account->password, n) ==
		    0)
			return true;
	return false;
}
