/*
 * Tests of http/header.c: a client in the Authorization header. The texts were
 * encoded by base64(1).
 */
#include "base.h"

#include <string.h>

#include "http/header.h"
#include "tap.h"

static struct arena arena;

static void
test_read(void)
{
	static const struct {
		const char *header, *id, *secret;
	} cases[] = {
		{ "Basic YTpi", "a", "b" },
		{ "basic YTpi", "a", "b" },
		{ "BASIC   YTpi", "a", "b" },
		{ "Basic Og==", "", "" },
		{ "Basic YTo=", "a", "" },
		{ "Basic OmI=", "", "b" },
		{ "Basic YTpiOmM=", "a", "b:c" },
		/* my%20app:p%3Aq%2B+r */
		{ "Basic bXklMjBhcHA6cCUzQXElMkIrcg==", "my app", "p:q+ r" },
		/* ä%3a%zz:%C3%A4 */
		{ "Basic w6QlM2EleHo6JUMzJUE0", "\xc3\xa4:%xz", "\xc3\xa4" },
		/* ?>?>:~~~ */
		{ "Basic Pz4/Pjp+fn4=", "?>?>", "~~~" },
	};
	const char *id, *secret;
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		id = secret = NULL;
		ok(header_basic(cases[i].header, &arena, &id, &secret) ==
		        ERR_OK,
		    tap_with("a client is read", cases[i].header));
		is(id, cases[i].id,
		    tap_with("the id of a client is read", cases[i].header));
		is(secret, cases[i].secret,
		    tap_with(
		        "the secret of a client is read", cases[i].header));
	}
}

static void
test_refused(void)
{
	static const struct {
		const char *header;
		enum err e;
	} cases[] = {
		{ NULL, ERR_NOTFOUND }, { "", ERR_NOTFOUND },
		{ "Basi", ERR_NOTFOUND }, { "Basics YTpi", ERR_NOTFOUND },
		{ "Bearer YTpi", ERR_NOTFOUND },
		{ " Basic YTpi", ERR_NOTFOUND }, { "Basic", ERR_UNAUTH },
		{ "Basic ", ERR_UNAUTH }, { "Basic\tYTpi", ERR_NOTFOUND },
		{ "Basic YWI=", ERR_UNAUTH },     /* no colon */
		{ "Basic YTo", ERR_UNAUTH },      /* no padding */
		{ "Basic YTp=", ERR_UNAUTH },     /* leftover bits */
		{ "Basic Oh==", ERR_UNAUTH },     /* the same */
		{ "Basic YTo==", ERR_UNAUTH },    /* too much padding */
		{ "Basic YTpiA===", ERR_UNAUTH }, /* no byte in the last */
		{ "Basic YTpi====", ERR_UNAUTH }, { "Basic YT=pi", ERR_UNAUTH },
		{ "Basic ====", ERR_UNAUTH }, { "Basic YTpi ", ERR_UNAUTH },
		{ "Basic YT pi", ERR_UNAUTH },
		{ "Basic YTpi,YTpi", ERR_UNAUTH },
		{ "Basic YTp_fg==", ERR_UNAUTH }, /* base64url */
		{ "Basic YQA6Yg==", ERR_UNAUTH }, /* a NUL in the id */
		{ "Basic YTpiAA==", ERR_UNAUTH }, /* in the secret */
		{ "Basic YSUwMDpi", ERR_UNAUTH }, /* a%00:b */
		{ "Basic YTolMDA=", ERR_UNAUTH }, /* a:%00 */
		{ "Basic /zpi", ERR_UNAUTH },     /* FF:b */
		{ "Basic YTolRkY=", ERR_UNAUTH }, /* a:%FF */
	};
	const char *id, *secret;
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++)
		ok(header_basic(cases[i].header, &arena, &id, &secret) ==
		        cases[i].e,
		    tap_with("a header that is no client's", cases[i].header));
}

int
main(void)
{
	arena_init(&arena);
	test_read();
	test_refused();
	arena_free(&arena);
	return done();
}
