/*
 * Fuzz target of http/fcgi_record.c: a whole request is whole without the bytes
 * after it, and with any byte missing it is partial.
 */
#include "fuzz.h"

#include "http/fcgi_record.h"

static enum fcgi_record_state
look(const uint8_t *data, size_t n, size_t *len)
{
	enum fcgi_record_state found;
	struct arena a;

	arena_init(&a);
	found =
	    fcgi_record_request((unsigned char *)exactly(&a, data, n), n, len);
	arena_free(&a);
	return found;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum fcgi_record_state found;
	size_t len = 0, again = 0, n;

	found = look(data, size, &len);
	if (found == FCGI_RECORD_WHOLE) {
		assert(len >= 32 && len <= size);
		assert(look(data, len, &again) == FCGI_RECORD_WHOLE &&
		       again == len);
		for (n = len - 1; n > 0; n -= n / 4 + 1)
			assert(look(data, n, &again) == FCGI_RECORD_PART);
	} else if (found == FCGI_RECORD_PART) {
		assert(look(data, size / 2, &again) == FCGI_RECORD_PART);
	} else {
		/* what comes behind makes nothing good again */
		assert(size > 0 && found == FCGI_RECORD_WRONG);
	}
	return 0;
}
