/*
 * Fuzz target of http/form.c, multipart/form-data. The input is the media type,
 * a newline, and the body.
 */
#include "fuzz.h"

#include "http/form.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *newline = memchr(data, '\n', size);
	size_t i, n = newline != NULL ? (size_t)(newline - data) : size;
	size_t body_len = newline != NULL ? size - n - 1 : 0;
	const char *type;
	struct arena a;
	struct form f;
	enum err e;

	arena_init(&a);
	type = arena_strndup(&a, (const char *)data, n);
	e = form_parse(&a, type, exactly(&a, data + size - body_len, body_len),
	    body_len, &f);
	assert(e == ERR_OK || (e == ERR_MALFORMED && f.error != NULL));
	for (i = 0; e == ERR_OK && i < f.count; i++) {
		assert(f.fields[i].name[f.fields[i].name_len] == '\0');
		assert(f.fields[i].value_len < body_len + 1);
	}
	assert(e != ERR_OK || (f.files <= FORM_FIELDS_MAX &&
	                          f.count - f.files <= FORM_FIELDS_MAX));
	arena_free(&a);
	return 0;
}
