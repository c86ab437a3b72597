/*
 * Fuzz target of the session cookie: none that the input contains is accepted,
 * since it cannot be signed; so the input is also signed here, and then
 * accepted only where proof_make() makes the same of what was read.
 */
#include "sign.h"

#include "crypto/proof.h"
#include "http/header.h"
#include "lib/scope.h"

/* The input as a Cookie header. */
static void
read_header(struct arena *a, const char *header)
{
	const char *value = header_cookie_once(header, "__Host-latchkey", a);
	struct proof p;

	assert(value == NULL || strchr(value, ';') == NULL);
	assert(proof_read(fuzz_secrets(), value != NULL ? value : header, &p) ==
	       ERR_UNAUTH);
}

/* The input as what is signed. */
static void
read_signed(struct arena *a, const uint8_t *data, size_t size)
{
	char again[PROOF_TEXT_BYTES];
	unsigned char mac[MAC_BYTES];
	struct buf bytes, text;
	struct proof p;

	buf_init(&bytes, a);
	buf_add(&bytes, data, size);
	if (!mac_bytes(fuzz_secrets()->key[PURPOSE_PROOF], data, size, mac))
		abort();
	buf_add(&bytes, mac, PROOF_MAC_BYTES);
	buf_init(&text, a);
	base64url_encode(&text, (const unsigned char *)bytes.s, bytes.len);
	if (proof_read(fuzz_secrets(), text.s, &p) != ERR_OK)
		return;
	assert(p.uid > 0 && p.epoch >= 0 && p.end_s >= 0);
	assert(strlen(p.sid) == TOKEN_SID_CHARS);
	assert(
	    p.scopes[0] == '\0' || (p.has_scopes && scope_is_list(p.scopes)));
	if (!proof_make(fuzz_secrets(), &p, again))
		abort();
	assert(strcmp(text.s, again) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a;

	arena_init(&a);
	read_header(&a, exact_text(&a, data, size));
	read_signed(&a, data, size);
	arena_free(&a);
	return 0;
}
