/*
 * Fuzz target of text_to_i64(): accepts what printf(3) would write of the
 * number, except for leading zeros and the sign of zero, and nothing outside
 * the limits.
 */
#include "fuzz.h"

#include <inttypes.h>
#include <stdio.h>

#include "lib/text.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int64_t min = INT64_MIN, max = INT64_MAX, v = 7;
	struct arena a;
	const char *s, *digits;
	char written[24];

	arena_init(&a);
	/* the limits, or none */
	if (size >= 17 && data[0] == '#') {
		memcpy(&min, data + 1, 8);
		memcpy(&max, data + 9, 8);
		data += 17;
		size -= 17;
	}
	s = exact_text(&a, data, size);
	if (text_to_i64(s, min, max, &v)) {
		assert(v >= min && v <= max);
		snprintf(written, sizeof(written), "%" PRId64, v);
		digits = s + (*s == '-');
		assert(*digits != '\0');
		while (*digits == '0' && digits[1] != '\0')
			digits++;
		assert(strcmp(digits, written + (*written == '-')) == 0);
		assert(v == 0 || (*s == '-') == (v < 0));
	} else {
		assert(v == 7);
		/* a number of up to 18 digits is refused for its limits alone
		 */
		digits = s + (*s == '-');
		if (*digits != '\0' && strlen(digits) <= 18 &&
		    strspn(digits, "0123456789") == strlen(digits))
			assert(strtoll(s, NULL, 10) < min ||
			       strtoll(s, NULL, 10) > max);
	}
	arena_free(&a);
	return 0;
}
