/*
 * Fuzz target of the Cookie header and the device cookie in it. None that the
 * input contains is accepted, since it cannot be signed; so its content is also
 * signed here, and then accepted if it has the right form and time.
 */
#include "sign.h"

#include "http/header.h"
#include "svc/device.h"

#define NOW_S INT64_C(1790000000)

/* "TIME.ID" with the MAC that it should have. */
static const char *
sign_proof(struct arena *a, const char *said)
{
	const char *const parts[] = { said, "ada", NULL };
	unsigned char mac[MAC_BYTES];
	struct buf b;
	size_t i;

	if (!mac_make(fuzz_secrets(), PURPOSE_DEVICE, parts, mac))
		abort();
	buf_init(&b, a);
	buf_addf(&b, "%s.", said);
	for (i = 0; i < sizeof(mac); i++)
		buf_addf(&b, "%02x", mac[i]);
	return b.s;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct conf conf = { .token_leeway_s = 5 };
	const struct app app = { .conf = &conf, .secrets = fuzz_secrets() };
	struct arena a;
	struct ctx c = { .app = &app, .arena = &a, .now_s = NOW_S };
	const char *header, *value, *proof;
	struct device d, known;
	int64_t made_s;

	arena_init(&a);
	header = exact_text(&a, data, size);
	value = header_cookie(header, "id", &a);
	assert(value == NULL || strchr(value, ';') == NULL);
	if (value == NULL)
		value = header;
	assert(device_read(&c, value, "ada").id[0] == '\0');
	proof = sign_proof(&a, value);
	d = device_read(&c, proof, "ada");
	if (d.id[0] != '\0') {
		made_s = strtoll(value, NULL, 10);
		assert(strlen(d.id) == DEVICE_ID_BYTES - 1);
		assert(strcmp(strchr(value, '.') + 1, d.id) == 0);
		assert(made_s <= NOW_S + 5 && made_s > NOW_S - DEVICE_LIFE_S);
	}
	assert(device_read(&c, proof, "adam").id[0] == '\0');
	if (device_make(&c, &d, "ada", &proof) != ERR_OK)
		abort();
	known = device_read(&c, proof, "ada");
	assert(known.id[0] != '\0' && !known.is_old);
	assert(d.id[0] == '\0' || strcmp(d.id, known.id) == 0);
	assert(device_read(&c, proof, "adam").id[0] == '\0');
	arena_free(&a);
	return 0;
}
