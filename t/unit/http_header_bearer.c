/*
 * Tests of http/header.c: forms of the Authorization header.
 */
#include "base.h"

#include "http/header.h"
#include "tap.h"

int
main(void)
{
	static const struct {
		const char *header, *token;
	} cases[] = {
		{ "Bearer abc", "abc" },
		{ "bearer abc", "abc" },
		{ "BEARER   abc", "abc" },
		{ "Bearer a.b-c_d~e+f/g==", "a.b-c_d~e+f/g==" },
		{ NULL, NULL },
		{ "", NULL },
		{ "Bearer", NULL },
		{ "Bearer ", NULL },
		{ "Bearerabc", NULL },
		{ "Bearer\tabc", NULL },
		{ "Bearer a b", NULL },
		{ "Bearer a,Bearer b", NULL },
		{ "Bearer abc ", NULL },
		{ " Bearer abc", NULL },
		{ "Basic YTpi", NULL },
		{ "Token abc", NULL },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++)
		is(header_bearer(cases[i].header), cases[i].token,
		    tap_with("the token of a header", cases[i].header));
	return done();
}
