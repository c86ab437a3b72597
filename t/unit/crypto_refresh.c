/*
 * Tests of crypto/refresh.c: what a refresh token holds, and that no other text
 * is one. One was made by another library's HMAC-SHA-256.
 */
#include "base.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypto/refresh.h"
#include "keys.h"
#include "tap.h"

/* of KEY_TEXT, session SID, counter 7, client "app" */
#define KNOWN                                       \
	"100112233445566778899aabbccddeeff00000007" \
	"e929f25ccd42504ebdc636f251790d70"
#define SID "00112233445566778899aabbccddeeff"

static struct secrets secrets, other_secrets;

static const char *
made(int32_t counter, const char *client)
{
	static char text[REFRESH_CHARS + 1];
	const struct refresh r = { SID, counter };

	if (!refresh_make(&secrets, &r, client, text))
		abort();
	return text;
}

static void
test_good(void)
{
	struct refresh r;

	is(made(7, "app"), KNOWN, "a refresh token is what Python makes");
	is_int(refresh_read(&secrets, KNOWN, "app", &r), ERR_OK,
	    "a refresh token made by Python is read");
	is(r.sid, SID, "the session of a refresh token is read");
	is_int(r.counter, 7, "the counter of a refresh token is read");
	is_int(
	    refresh_read(&secrets, made(REFRESH_COUNTER_MAX, "app"), "app", &r),
	    ERR_OK, "the highest counter is read");
	is_int(r.counter, REFRESH_COUNTER_MAX, "the highest counter is itself");
	is_int(refresh_read(&secrets, made(INT32_MAX, "app"), "app", &r),
	    ERR_UNAUTH, "one more than the highest counter is refused");
	is_int(refresh_read(&secrets, made(-1, "app"), "app", &r), ERR_UNAUTH,
	    "a counter below 0 is refused");
}

/* How many texts that differ from a good one by a byte are read. */
static int
altered(void)
{
	char text[REFRESH_CHARS + 1];
	struct refresh r;
	int n = 0, c;
	size_t i;

	for (i = 0; i < REFRESH_CHARS; i++) {
		snprintf(text, sizeof(text), "%s", KNOWN);
		for (c = 0; c < 256; c++) {
			text[i] = (char)c;
			n += c != KNOWN[i] &&
			     refresh_read(&secrets, text, "app", &r) == ERR_OK;
		}
	}
	return n;
}

static void
test_bad(void)
{
	char text[REFRESH_CHARS + 2];
	struct refresh r;

	is_int(altered(), 0, "a refresh token with a byte changed is refused");
	is_int(refresh_read(&secrets, "", "app", &r), ERR_UNAUTH,
	    "an empty refresh token is refused");
	snprintf(text, sizeof(text), "%.*s", REFRESH_CHARS - 1, KNOWN);
	is_int(refresh_read(&secrets, text, "app", &r), ERR_UNAUTH,
	    "a refresh token without its last byte is refused");
	snprintf(text, sizeof(text), "%s0", KNOWN);
	is_int(refresh_read(&secrets, text, "app", &r), ERR_UNAUTH,
	    "a refresh token with a byte more is refused");
	is_int(refresh_read(&secrets, KNOWN, "app2", &r), ERR_UNAUTH,
	    "a refresh token of another client is refused");
	is_int(refresh_read(&secrets, KNOWN, "", &r), ERR_UNAUTH,
	    "a refresh token is not that of the empty client");
	is_int(refresh_read(&other_secrets, KNOWN, "app", &r), ERR_UNAUTH,
	    "a refresh token of another key is refused");
}

int
main(void)
{
	make_secrets(&secrets, KEY_TEXT);
	make_secrets(&other_secrets, "0123456789abcdef0123456789abcdeF");
	test_good();
	test_bad();
	return done();
}
