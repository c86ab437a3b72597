/*
 * nginx's configuration language: directives, blocks and includes.
 */
#ifndef LATCHKEY_NGINX_PARSE_H
#define LATCHKEY_NGINX_PARSE_H

#include "nginx/dump.h"

#define NGINX_WORD_MAX_BYTES 4095 /* as in nginx */
#define NGINX_DEPTH_MAX 64        /* of blocks, and of includes */
#define NGINX_DIRECTIVES_MAX 500000
#define NGINX_BYTES_MAX (INT64_C(64) << 20) /* read, each include again */

/* A directive, or an entry of a map; a block, if it has braces. */
struct nginx_directive {
	const char **words; /* n of them: its name, and its arguments */
	size_t n;
	const char *file;
	unsigned line, end_line; /* of its first word; of its ; or { */
	bool is_block;
	const char *comment; /* behind it on its last line, or NULL */
	struct nginx_directive *parent, *first, *last, *next;
};

struct nginx_problem {
	const char *file;
	unsigned line;
	const char *text; /* the end of a sentence */
};

/*
 * Parse a dump's main file with what it includes into a block without words,
 * *out. All of it, names included, lives as long as the arena and the dump.
 * False: it is none that nginx would take, or beyond a limit above; *problem
 * says where and why. Source: nginx 1.22, ngx_conf_read_token() of
 * src/core/ngx_conf_file.c: quotes, escapes, where a comment may begin, ${.
 */
bool nginx_parse(struct arena *a, const struct nginx_dump *dump,
    struct nginx_directive **out, struct nginx_problem *problem) MUST_CHECK;

#endif
