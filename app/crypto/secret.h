/*
 * Files that hold a secret: their permissions, and what is good as a key.
 */
#ifndef LATCHKEY_CRYPTO_SECRET_H
#define LATCHKEY_CRYPTO_SECRET_H

#include "base.h"

#define SECRET_MIN_BYTES 32 /* RFC 7518, section 3.2 */
#define SECRET_MAX_BYTES 4096

struct secret {
	size_t len;
	/* with room for a newline, and for a byte that shows it is too long */
	unsigned char bytes[SECRET_MAX_BYTES + 2];
};

/*
 * Read a secret from the file at path: all its bytes but one trailing newline.
 * setting: the key of latchkey.conf that names it, for messages. On failure
 * says on standard error what is wrong and what to do, wipes *out and returns
 * false:
 * - no such file;
 * - others can read or replace it. It must be a regular file that others cannot
 *   read and only its owner can write; the owner of it and of its directory is
 *   root or this process's user (root, as which nothing is served, accepts any
 *   user); and nobody else may write to the directory, or to that of a link to
 *   it, except as in /tmp (the sticky bit);
 * - under 32 or over 4096 bytes, a single repeated byte, one of the keys that
 *   tutorials print, or a text that has more around the key.
 * The only remaining copy is *out, which the caller wipes.
 * Source: sshd(8), FILES; RFC 7518, section 3.2.
 */
bool secret_load(
    const char *setting, const char *path, struct secret *out) MUST_CHECK;

/* A file of other kinds, such as a key in PEM: a text, with a NUL. */
struct secret_file {
	size_t len;
	char text[8192];
};

/*
 * Read a file that is as safe as secret_load() demands. False, with a line on
 * standard error and *out wiped: it is not, or 8192 bytes or longer.
 */
bool secret_read(
    const char *setting, const char *path, struct secret_file *out) MUST_CHECK;

#endif
