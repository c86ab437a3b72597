/*
 * Tests of crypto/proof.c: what the proof of a browser session holds, and that
 * no other text is one. Some were made by another library's HMAC-SHA-256.
 */
#include "base.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "crypto/proof.h"
#include "fail.h"
#include "keys.h"
#include "tap.h"

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */

void wipe(void *p, size_t n) __asm__("explicit_bzero");
void wipe_checked(void *p, size_t n, size_t size) __asm__(
    "__explicit_bzero_chk");

static size_t wiped_bytes; /* the last time */

void
wipe(void *p, size_t n)
{
	wiped_bytes = n;
	REAL(explicit_bzero)(p, n);
}

void
wipe_checked(void *p, size_t n, size_t size)
{
	wipe(p, n < size ? n : size);
}

/* clang-format off */
int EVP_MAC_final(EVP_MAC_CTX *c, unsigned char *out, size_t *n, size_t size) { return fails("EVP_MAC_final") ? 0 : REAL(EVP_MAC_final)(c, out, n, size); }
/* clang-format on */

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

/* of KEY_TEXT, session SID, user 7, epoch 3, until 1790000000, "ada" */
#define KNOWN                                          \
	"EgARIjNEVWZ3iJmqu8zd7v8AAAAAAAAABwAAAANqsTuA" \
	"A2FkYZwRv5q8NpyaqMFT1c1qdGE"
/* the same, made before proofs had scopes */
#define FORMER                                         \
	"EAARIjNEVWZ3iJmqu8zd7v8AAAAAAAAABwAAAANqsTuA" \
	"A2FkYX8e7iHeXvk4mZClP9aLwMM"
/* the same, kept, with the scopes admin and editor */
#define KNOWN_KEPT                                     \
	"EwARIjNEVWZ3iJmqu8zd7v8AAAAAAAAABwAAAANqsTuA" \
	"A2FkYWFkbWluIGVkaXRvciDBvbXWtVwn-tfyA6VPNcI"
#define SID "00112233445566778899aabbccddeeff"

static const struct proof known = { .sid = SID,
	.uid = 7,
	.epoch = 3,
	.end_s = 1790000000,
	.name = "ada",
	.has_scopes = true };

static struct secrets secrets, other_secrets;

static const char *
made(const struct proof *p)
{
	static char text[PROOF_TEXT_BYTES];

	if (!proof_make(&secrets, p, text))
		abort();
	return text;
}

static enum err
read_again(const struct proof *p, struct proof *out)
{
	return proof_read(&secrets, made(p), out);
}

static void
fill(char *text, size_t n)
{
	memset(text, 'x', n);
	text[n] = '\0';
}

/* A text of n letters, until the next call. */
static const char *
letters(size_t n)
{
	static char text[PROOF_TEXT_BYTES];

	fill(text, n);
	return text;
}

static void
test_known(void)
{
	struct proof p = known, r;

	is(made(&p), KNOWN, "a proof is what Python makes");
	is_int(proof_read(&secrets, KNOWN, &r), ERR_OK,
	    "a proof made by Python is read");
	is(r.sid, SID, "the session of a proof is read");
	is_int(r.uid, 7, "the user of a proof is read");
	is_int(r.epoch, 3, "the epoch of a proof is read");
	is_int(r.end_s, 1790000000, "the end of a proof is read");
	is(r.name, "ada", "the name of a proof is read");
	ok(r.has_scopes && r.scopes[0] == '\0', "a proof may have no scopes");
	ok(!r.is_kept, "a proof need not be kept");
	p.is_kept = true;
	snprintf(p.scopes, sizeof(p.scopes), "admin editor");
	is(made(&p), KNOWN_KEPT, "a kept proof with scopes is Python's");
	is_int(proof_read(&secrets, KNOWN_KEPT, &r), ERR_OK,
	    "a kept proof with scopes is read");
	ok(r.is_kept, "a kept proof says so");
	is(r.name, "ada", "a name ends where the scopes begin");
	is(r.scopes, "admin editor", "the scopes of a proof are read");
	is_int(proof_read(&secrets, FORMER, &r), ERR_OK,
	    "a proof from before there were scopes is read");
	ok(!r.has_scopes && r.scopes[0] == '\0',
	    "a proof from before there were scopes does not tell them");
	p = known;
	p.has_scopes = false;
	is(made(&p), FORMER, "a proof without scopes is as before these");
	p.is_kept = true;
	ok(read_again(&p, &r) == ERR_OK && r.is_kept && !r.has_scopes,
	    "a kept proof without scopes says both");
}

static void
test_scopes(void)
{
	static const char *const bad[] = { " admin", "admin ", "admin  editor",
		"a\"b", "a\\b", "admin\teditor", "admin\n", "\xc3\xa9" };
	struct proof p = known, r;
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++) {
		snprintf(p.scopes, sizeof(p.scopes), "%s", bad[i]);
		is_int(read_again(&p, &r), ERR_UNAUTH,
		    tap_with("scopes that are no list are refused", bad[i]));
	}
	snprintf(p.scopes, sizeof(p.scopes), "b a c:d b");
	is_int(read_again(&p, &r), ERR_OK, "a list of scopes is read");
	is(r.scopes, "b a c:d b", "scopes stay in their order");
	p.has_scopes = false;
	is_int(read_again(&p, &r), ERR_UNAUTH,
	    "scopes of a proof that has none are refused");
}

static void
test_limits(void)
{
	struct proof p = known, r;

	fill(p.name, 20);
	is_int((long long)strlen(made(&p)),
	    110 - (long long)strlen("__Host-latchkey="),
	    "a cookie with a name of 20 bytes has 110 bytes");
	fill(p.name, PROOF_NAME_MAX_BYTES);
	fill(p.scopes, PROOF_SCOPES_MAX_BYTES);
	p.uid = INT64_MAX;
	p.epoch = INT32_MAX;
	p.end_s = UINT32_MAX;
	is_int(read_again(&p, &r), ERR_OK, "the largest proof is read");
	is_int((long long)strlen(made(&p)), PROOF_TEXT_BYTES - 1,
	    "the largest proof fills its text");
	ok(strcmp(r.name, p.name) == 0 && strcmp(r.scopes, p.scopes) == 0 &&
	        r.uid == p.uid && r.epoch == p.epoch && r.end_s == p.end_s,
	    "the largest proof is read as it was made");
	is_int(PROOF_SCOPES_MAX_BYTES, 527,
	    "a proof has room for 16 scopes of 32 bytes");
	ok(sizeof("__Host-latchkey=") - 1 + PROOF_TEXT_BYTES - 1 < 1200,
	    "the largest cookie has less than 1,200 bytes");
	p = known;
	p.end_s = INT64_C(1) + UINT32_MAX;
	is_int(read_again(&p, &r), ERR_OK, "an end beyond 32 bits is taken");
	is_int(r.end_s, UINT32_MAX, "an end beyond 32 bits is cut");
	p = known;
	p.name[0] = '\0';
	is_int(read_again(&p, &r), ERR_OK, "a name may be left out");
	is(r.name, "", "a name that was left out is empty");
	p.uid = 1;
	is_int(read_again(&p, &r), ERR_OK, "a proof of the first user is read");
	p.uid = 0;
	is_int(read_again(&p, &r), ERR_UNAUTH, "a proof of no user is refused");
	p = known;
	p.epoch = -1;
	is_int(read_again(&p, &r), ERR_UNAUTH,
	    "a proof with an epoch below 0 is refused");
	p.epoch = 0;
	is_int(read_again(&p, &r), ERR_OK, "a proof of epoch 0 is read");
}

/* How many texts that differ from a good one by a byte are read. */
static int
altered(const char *good)
{
	char text[PROOF_TEXT_BYTES];
	struct proof r;
	int n = 0, c;
	size_t i;

	for (i = 0; i < strlen(good); i++) {
		snprintf(text, sizeof(text), "%s", good);
		for (c = 0; c < 256; c++) {
			text[i] = (char)c;
			n += c != (unsigned char)good[i] &&
			     proof_read(&secrets, text, &r) == ERR_OK;
		}
	}
	return n;
}

static void
test_bad(void)
{
	char text[2 * PROOF_TEXT_BYTES];
	struct proof r;
	size_t n;

	is_int(altered(KNOWN), 0, "a proof with a byte changed is refused");
	is_int(altered(FORMER), 0,
	    "a proof from before there were scopes stays as it was");
	is_int(altered(KNOWN_KEPT), 0,
	    "a kept proof with a byte changed is refused");
	for (n = 0; n < strlen(KNOWN); n++) {
		snprintf(text, sizeof(text), "%.*s", (int)n, KNOWN);
		if (proof_read(&secrets, text, &r) != ERR_UNAUTH)
			break;
	}
	is_int((long long)n, (long long)strlen(KNOWN),
	    "no beginning of a proof is one");
	for (n = 1; n < PROOF_TEXT_BYTES; n++) {
		snprintf(text, sizeof(text), "%s%s", KNOWN, letters(n));
		if (proof_read(&secrets, text, &r) != ERR_UNAUTH)
			break;
	}
	is_int((long long)n, PROOF_TEXT_BYTES, "nothing may follow a proof");
	snprintf(text, sizeof(text), "%s=", KNOWN);
	is_int(proof_read(&secrets, text, &r), ERR_UNAUTH,
	    "a proof has no padding");
	snprintf(text, sizeof(text), "\"%s\"", KNOWN);
	is_int(proof_read(&secrets, text, &r), ERR_UNAUTH,
	    "a proof has no quotes");
	is_int(proof_read(&other_secrets, KNOWN, &r), ERR_UNAUTH,
	    "a proof of another key is refused");
}

static void
test_failure(void)
{
	char text[PROOF_TEXT_BYTES];
	struct proof r;

	fail_at("EVP_MAC_final", 1);
	ok(!proof_make(&secrets, &known, text) && failed(),
	    "no proof is made when OpenSSL fails");
	fail_at("EVP_MAC_final", 1);
	is_int(proof_read(&secrets, KNOWN, &r), ERR_INTERNAL,
	    "a proof is not refused when OpenSSL fails");
	ok(failed(), "a proof is read by OpenSSL");
	wiped_bytes = 0;
	is_int(proof_read(&secrets, KNOWN, &r), ERR_OK,
	    "a proof is read after a failure of OpenSSL");
	is_int((long long)wiped_bytes, MAC_BYTES,
	    "the MAC that a proof should have is wiped");
	wiped_bytes = 0;
	ok(proof_make(&secrets, &known, text) && wiped_bytes == MAC_BYTES,
	    "the MAC of a proof that is made is wiped");
}

int
main(void)
{
	make_secrets(&secrets, KEY_TEXT);
	make_secrets(&other_secrets, "0123456789abcdef0123456789abcdeF");
	test_known();
	test_scopes();
	test_limits();
	test_bad();
	test_failure();
	return done();
}
