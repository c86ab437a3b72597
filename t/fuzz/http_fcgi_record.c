/*
 * Fuzz target of http/fcgi_record.c: a whole request is whole without the bytes
 * after it, and with any byte missing it is partial.
 */
#include "fuzz.h"

#include "http/fcgi_record.h"

#define ROOM 131072 /* as http/fcgi.c has */

/* In pieces of so many bytes. */
static enum fcgi_record_state
look_in_pieces(const uint8_t *data, size_t n, size_t piece, size_t *len)
{
	static unsigned char content[ROOM];
	enum fcgi_record_state found = FCGI_RECORD_PART;
	struct fcgi_record r;
	size_t taken;

	*len = 0;
	fcgi_record_begin(&r, content, sizeof(content));
	while (found == FCGI_RECORD_PART && *len < n) {
		found = fcgi_record_take(&r, data + *len,
		    n - *len < piece ? n - *len : piece, &taken);
		*len += taken;
	}
	assert(r.params + r.body <= sizeof(content));
	return found;
}

/* All at once, in place; in pieces it is the same. */
static enum fcgi_record_state
look(const uint8_t *data, size_t n, size_t *len)
{
	enum fcgi_record_state found, again;
	struct fcgi_record r;
	struct arena a;
	unsigned char *bytes;
	size_t other;

	arena_init(&a);
	bytes = (unsigned char *)exactly(&a, data, n);
	fcgi_record_begin(&r, bytes, n < ROOM ? n : ROOM);
	found = fcgi_record_take(&r, bytes, n, len);
	arena_free(&a);
	if (n <= ROOM) {
		again = look_in_pieces(data, n, 1, &other);
		assert(again == found);
		assert(found == FCGI_RECORD_WRONG || other == *len);
		again = look_in_pieces(data, n, n / 3 + 1, &other);
		assert(again == found);
	}
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
	} else if (found == FCGI_RECORD_LARGE) {
		assert(len > 32 && len <= size);
	} else {
		/* what comes behind makes nothing good again */
		assert(size > 0 && found == FCGI_RECORD_WRONG);
	}
	return 0;
}
