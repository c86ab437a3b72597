/*
 * Vulnerabilities of nginx that a configuration exposes, by version.
 *
 * Source: nginx's security advisories, and CVE-2019-20372, as of November 2026.
 * Distributions fix versions without changing their number, so for one that is
 * still supported this is a note.
 */
#include "base.h"

#include <string.h>

#include "lib/buf.h"
#include "lib/text.h"
#include "nginx/rules.h"

#define VERSION(a, b, c) ((a)*1000000 + (b)*1000 + (c))
#define OLDEST VERSION(1, 22, 0) /* that nginx.conf.sample is for */

/* clang-format off */
static const struct advisory {
	const char *cve, *directive; /* that exposes it; NULL: any use */
	const char *word;            /* among its arguments, or NULL */
	int64_t first, stable, mainline; /* first with it; first without */
} advisories[] = {
	{ "CVE-2026-42533", "map",          NULL,    VERSION(0, 9, 6),   VERSION(1, 30, 4), VERSION(1, 31, 3) },
	{ "CVE-2026-9256",  "rewrite",      NULL,    VERSION(0, 1, 17),  VERSION(1, 30, 2), VERSION(1, 31, 1) },
	{ "CVE-2026-42945", "rewrite",      NULL,    VERSION(0, 6, 27),  VERSION(1, 30, 1), VERSION(1, 31, 0) },
	{ "CVE-2026-27654", "dav_methods",  NULL,    VERSION(0, 5, 13),  VERSION(1, 28, 3), VERSION(1, 29, 7) },
	{ "CVE-2025-23419", "ssl_verify_client", NULL, VERSION(1, 11, 4), VERSION(1, 26, 3), VERSION(1, 27, 4) },
	{ "CVE-2022-41741", "mp4",          NULL,    VERSION(1, 1, 3),   VERSION(1, 22, 1), VERSION(1, 23, 2) },
	{ "CVE-2021-23017", "resolver",     NULL,    VERSION(0, 6, 18),  VERSION(1, 20, 1), VERSION(1, 21, 0) },
	{ "CVE-2019-20372", "error_page",   NULL,    VERSION(0, 7, 12),  VERSION(1, 17, 7), VERSION(1, 17, 7) },
	{ "CVE-2019-9511",  "listen",       "http2", VERSION(1, 9, 5),   VERSION(1, 16, 1), VERSION(1, 17, 3) },
	{ "CVE-2018-16843", "listen",       "http2", VERSION(1, 9, 5),   VERSION(1, 14, 1), VERSION(1, 15, 6) },
	{ "CVE-2017-7529",  NULL,           NULL,    VERSION(0, 5, 6),   VERSION(1, 12, 1), VERSION(1, 13, 3) },
};
/* clang-format on */

/* The number that a version's part begins with; *s moves behind it. */
static int64_t
next_part(struct arena *a, const char **s)
{
	size_t digits = strspn(*s, "0123456789");
	int64_t n;

	if (!text_to_i64(arena_strndup(a, *s, digits), 0, 999, &n))
		n = 0;
	*s += digits;
	*s += **s == '.';
	return n;
}

static int64_t
version_of(struct arena *a, const char *s)
{
	int64_t major = next_part(a, &s), minor = next_part(a, &s);

	return VERSION(major, minor, next_part(a, &s));
}

/* Even minor versions are stable, and get fixes for themselves. */
static bool
has_it(const struct advisory *advisory, int64_t version)
{
	bool is_stable = version / 1000 % 2 == 0;

	return version >= advisory->first &&
	       version < (is_stable ? advisory->stable : advisory->mainline);
}

/* A directive of the configuration that exposes it, or NULL. */
static const struct nginx_directive *
exposed_by(const struct lint *l, const struct advisory *advisory)
{
	const struct nginx_directive *d;

	for (d = nginx_next(l->root, l->root); d != NULL;
	     d = nginx_next(l->root, d))
		if (advisory->directive == NULL ||
		    (nginx_is(d, advisory->directive) &&
		        (advisory->word == NULL ||
		            nginx_has_arg(d, advisory->word))))
			return d;
	return NULL;
}

/* The rows of the table that a version has, into *list; returns where the
 * oldest of them is exposed, or NULL. */
static const struct nginx_directive *
list_exposed(struct lint *l, int64_t version, struct buf *list)
{
	const struct nginx_directive *d, *at = NULL;
	size_t i;

	for (i = 0; i < ARRAY_LEN(advisories); i++) {
		if (!has_it(&advisories[i], version) ||
		    (d = exposed_by(l, &advisories[i])) == NULL)
			continue;
		if (at == NULL || advisories[i].directive != NULL)
			at = d;
		buf_addf(
		    list, "%s%s", list->len > 0 ? ", " : "", advisories[i].cve);
		if (advisories[i].directive != NULL)
			buf_addf(list, " (%s)", advisories[i].directive);
	}
	return at;
}

void
lint_advisory(struct lint *l)
{
	const struct nginx_directive *at;
	struct buf list;
	int64_t version;

	if (l->version == NULL || l->root->first == NULL)
		return;
	version = version_of(l->arena, l->version);
	buf_init(&list, l->arena);
	buf_adds(&list, "");
	at = list_exposed(l, version, &list);
	if (version < OLDEST)
		lint_wrong(l, at != NULL ? at : l->root->first,
		    "nginx %s is older than 1.22, which conf/nginx needs; it "
		    "has %s",
		    l->version, at != NULL ? list.s : "no fixes any more");
	else if (at != NULL)
		lint_note(l, at, "nginx %s had %s when it was released",
		    l->version, list.s);
}
