/*
 * Fuzz target of http/form.c, form-urlencoded: every field lies within the
 * body's length.
 */
#include "fuzz.h"

#include "http/form.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t i, total = 0;
	struct arena a;
	struct form f;
	enum err e;

	arena_init(&a);
	e = form_parse(&a, "application/x-www-form-urlencoded",
	    exactly(&a, data, size), size, &f);
	assert(e == ERR_OK || (e == ERR_MALFORMED && f.error != NULL));
	for (i = 0; e == ERR_OK && i < f.count; i++) {
		total += f.fields[i].name_len + f.fields[i].value_len;
		assert(f.fields[i].name[f.fields[i].name_len] == '\0');
		assert(f.fields[i].value[f.fields[i].value_len] == '\0');
	}
	assert(total <= size);
	(void)form_get(&f, "username");
	arena_free(&a);
	return 0;
}
