/*
 * Files of a configuration as `nginx -T` prints them, one behind the other.
 */
#ifndef LATCHKEY_NGINX_DUMP_H
#define LATCHKEY_NGINX_DUMP_H

#include "lib/arena.h"

struct nginx_file {
	const char *name; /* absolute in a dump */
	const char *text; /* n bytes, which end with the dump's memory */
	size_t n;
};

struct nginx_dump {
	struct nginx_file *files; /* the first is the main one */
	size_t n;
	const char *version; /* as in "1.22.1"; NULL: not known */
};

/*
 * Take n bytes at text apart, which have to stay: at the lines "# configuration
 * file NAME:" that nginx puts before each file; without any it is one file, of
 * the given name. Before the first such line are nginx's own messages, of which
 * a line "nginx version: nginx/N" is taken.
 */
void nginx_dump_read(struct arena *a, const char *text, size_t n,
    const char *name, struct nginx_dump *out);

/*
 * The files that a directive include names, in the order in which nginx reads
 * them, into *out: a relative name is below the main file's folder, and * ? []
 * are glob(7)'s. Returns their number.
 */
size_t nginx_dump_find(struct arena *a, const struct nginx_dump *dump,
    const char *pattern, const struct nginx_file ***out);

#endif
