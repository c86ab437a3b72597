/*
 * record.c alone: a whole request is whole without what lies behind it, and as
 * long as any of it lacks, it is a part and nothing else.
 */
#include "fuzz.h"

#include "record.h"

static enum record_request
look(const uint8_t *data, size_t n, size_t *len)
{
	enum record_request found;
	struct arena a;

	arena_init(&a);
	found = record_request((unsigned char *)exactly(&a, data, n), n, len);
	arena_free(&a);
	return found;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum record_request found;
	size_t len = 0, again = 0, n;

	found = look(data, size, &len);
	if (found == RECORD_WHOLE) {
		assert(len >= 32 && len <= size);
		assert(look(data, len, &again) == RECORD_WHOLE && again == len);
		for (n = len - 1; n > 0; n -= n / 4 + 1)
			assert(look(data, n, &again) == RECORD_PART);
	} else if (found == RECORD_PART) {
		assert(look(data, size / 2, &again) == RECORD_PART);
	} else {
		/* what comes behind makes nothing good again */
		assert(size > 0 && found == RECORD_WRONG);
	}
	return 0;
}
