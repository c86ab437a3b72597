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
 * - one that others can read or replace. It has to be a plain file that others
 *   cannot read and only its owner can write; its owner, and that of its
 *   folder, root or this process's user (root, as whom nothing is served, takes
 *   what any user has); and the folder, and that of a link to it, one that
 *   nobody else may write to, or only as in /tmp (the sticky bit);
 * - under 32 or over 4096 bytes, one byte over and over, or the key that the
 *   FastAPI tutorial published.
 * The only copy of it that is left is *out, which is the caller's to wipe.
 * Source: sshd(8), FILES; RFC 7518, section 3.2.
 */
bool secret_load(
    const char *setting, const char *path, struct secret *out) MUST_CHECK;

#endif
