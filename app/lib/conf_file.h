/*
 * Files of settings: a regular file of lines, key = value. Which keys there
 * are, and what their values mean, is the caller's.
 */
#ifndef LATCHKEY_LIB_CONF_FILE_H
#define LATCHKEY_LIB_CONF_FILE_H

#include "base.h"

/*
 * Take the setting of a line. where: "file:line", for messages. False, with a
 * line on standard error: it is refused, and the reading ends.
 */
typedef bool conf_file_set(
    void *arg, const char *where, const char *name, const char *value);

/*
 * Hand each setting of a file to set(), with arg. A value is a word, or a text
 * between quotation marks, where a backslash makes the next character an
 * ordinary one; # begins a comment. False, with a line on standard error: the
 * file is no regular one or cannot be read, a line is no setting, or set() was
 * false.
 */
bool conf_file_read(const char *file, conf_file_set *set, void *arg) MUST_CHECK;

#endif
