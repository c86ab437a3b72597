/*
 * Pieces of an input.
 */
#include "pieces.h"

#include <string.h>

#include "http/fcgi_record.h"

bool
pieces_next(struct pieces *p, struct piece *out)
{
	const uint8_t *cut;

	out->how = 0;
	while (p->end - p->next > 2 && memcmp(p->next, CUT, 2) == 0) {
		out->how = p->next[2];
		p->next += 3;
	}
	out->bytes = p->next;
	if (p->next == p->end)
		return false;
	/* at the end there may be half of one */
	cut = memmem(p->next + 1, (size_t)(p->end - p->next) - 1, CUT, 2);
	p->next = cut != NULL ? cut : p->end;
	out->len = (size_t)(p->next - out->bytes);
	return true;
}

bool
piece_is_whole(unsigned char *bytes, size_t n, size_t *len)
{
	struct fcgi_record r;

	fcgi_record_begin(&r, bytes, n);
	return fcgi_record_take(&r, bytes, n, len) == FCGI_RECORD_WHOLE;
}
