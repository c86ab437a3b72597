/*
 * Counter of hashes: preloaded before libxcrypt, libargon2 and OpenSSL
 * (LD_PRELOAD), it prints a line "HASH " and the beginning of the setting, or
 * the function and its figures, on standard error for each hash.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <argon2.h>
#include <crypt.h>

char *
crypt_rn(const char *phrase, const char *setting, void *data, int size)
{
	char *(*real)(const char *, const char *, void *, int);
	char line[64];

	*(void **)&real = dlsym(RTLD_NEXT, "crypt_rn");
	snprintf(line, sizeof(line), "HASH %.7s\n", setting);
	if (write(STDERR_FILENO, line, strlen(line)) < 0)
		return NULL;
	return real(phrase, setting, data, size);
}

static void
say(const char *line)
{
	if (write(STDERR_FILENO, line, strlen(line)) < 0)
		_exit(1);
}

int
argon2_ctx(argon2_context *context, argon2_type type)
{
	int (*real)(argon2_context *, argon2_type);
	char line[80];

	*(void **)&real = dlsym(RTLD_NEXT, "argon2_ctx");
	snprintf(line, sizeof(line), "HASH argon2-m%u-t%u-threads%u\n",
	    context->m_cost, context->t_cost, context->threads);
	say(line);
	return real(context, type);
}

/* OpenSSL's headers would bring types that this file has no need of. */
int PKCS5_PBKDF2_HMAC(const char *password, int n, const unsigned char *salt,
    int salt_n, int rounds, const void *digest, int bytes, unsigned char *out);
int EVP_PBE_scrypt(const char *password, size_t n, const unsigned char *salt,
    size_t salt_n, uint64_t N, uint64_t r, uint64_t p, uint64_t max,
    unsigned char *key, size_t bytes);

int
PKCS5_PBKDF2_HMAC(const char *password, int n, const unsigned char *salt,
    int salt_n, int rounds, const void *digest, int bytes, unsigned char *out)
{
	int (*real)(const char *, int, const unsigned char *, int, int,
	    const void *, int, unsigned char *);
	char line[64];

	*(void **)&real = dlsym(RTLD_NEXT, "PKCS5_PBKDF2_HMAC");
	snprintf(line, sizeof(line), "HASH pbkdf2-%d\n", rounds);
	say(line);
	return real(password, n, salt, salt_n, rounds, digest, bytes, out);
}

int
EVP_PBE_scrypt(const char *password, size_t n, const unsigned char *salt,
    size_t salt_n, uint64_t N, uint64_t r, uint64_t p, uint64_t max,
    unsigned char *key, size_t bytes)
{
	int (*real)(const char *, size_t, const unsigned char *, size_t,
	    uint64_t, uint64_t, uint64_t, uint64_t, unsigned char *, size_t);
	char line[64];

	*(void **)&real = dlsym(RTLD_NEXT, "EVP_PBE_scrypt");
	snprintf(line, sizeof(line), "HASH scrypt-%u\n", (unsigned)N);
	say(line);
	return real(password, n, salt, salt_n, N, r, p, max, key, bytes);
}
