/*
 * The list of accounts of the command `user`.
 */
#include "base.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd/user_list.h"
#include "lib/buf.h"
#include "lib/text.h"
#include "svc/account.h"

/* A number that an option has, from min on; false: it is none. */
static bool
read_number(const char *text, int64_t min, int64_t *out)
{
	return text_to_i64(text, min, INT64_MAX, out);
}

/* Read the options of list; false: they are none. */
static bool
read_page(char *const *arguments, struct account_page *out)
{
	char *const *p;
	bool good = true;

	*out = (struct account_page){ "", INT64_MIN, INT64_MAX };
	for (p = arguments; good && *p != NULL; p += 2) {
		if (p[1] == NULL || strlen(*p) != 2 || **p != '-')
			return false;
		if ((*p)[1] == 'a')
			good = read_number(p[1], 0, &out->after);
		else if ((*p)[1] == 'n')
			good = read_number(p[1], 1, &out->max);
		else
			good =
			    (*p)[1] == 's' && text_is_utf8(p[1], strlen(p[1]));
		if ((*p)[1] == 's')
			out->part = p[1];
	}
	return good;
}

void
user_list_line(struct ctx *c, const struct user *u)
{
	struct buf b;

	buf_init(&b, c->arena);
	buf_addf(&b, "%" PRId64 "\t", u->id);
	buf_add_visible(&b, u->username);
	buf_adds(&b, "\t");
	if (u->fullname != NULL)
		buf_add_visible(&b, u->fullname);
	printf("%s\t%s\t%s\n", b.s, u->is_active ? "active" : "disabled",
	    account_hash_kind(u));
}

bool
user_list_is_good(char *const *options)
{
	struct account_page page;

	return read_page(options, &page);
}

enum err
user_list(struct ctx *c, char *const *options, struct applicant_problem *why)
{
	struct account_page page;
	int64_t more = 0;
	enum err e = ERR_INTERNAL;

	(void)why;
	if (read_page(options, &page))
		e = account_list(c, &page, user_list_line, &more);
	if (e == ERR_OK && more != 0)
		fprintf(stderr,
		    "latchkey: further ones, if any: -a %" PRId64 "\n", more);
	return e;
}
