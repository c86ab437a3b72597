/*
 * Files that hold a secret: whether others can read or replace them.
 */
#ifndef LATCHKEY_CRYPTO_SECRET_H
#define LATCHKEY_CRYPTO_SECRET_H

#include "base.h"

/*
 * Is the file that is open as fd, at path, a secret of its owner's? It has to
 * be a plain file that others cannot read and only its owner can write; its
 * owner, and that of its folder, root or this process's user (root, who serves
 * nobody, takes what any user has); and the folder, and that of a link to it,
 * one that nobody else may write to, or only as in /tmp (the sticky bit). If
 * not says on standard error what is wrong and what to do, beginning with
 * setting, the key that names it. Source: sshd(8), FILES.
 */
bool secret_is_safe(const char *setting, const char *path, int fd) MUST_CHECK;

#endif
