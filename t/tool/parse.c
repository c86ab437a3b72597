/*
 * Command-line access to the parsers, for tests that compare them with another
 * implementation. A line in, a line out:
 *
 *	json HEX		ok JSON | invalid OFFSET | malformed
 *	form TYPEHEX HEX	ok NAMEHEX=VALUEHEX[@]&... | malformed REASON
 *	utf8 HEX		ok | malformed
 */
#include "base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "http/form.h"
#include "http/json.h"
#include "lib/text.h"

static struct arena arena;

/* Bytes of a word of hexadecimal digits. */
static char *
unhex(const char *word, size_t *n)
{
	char *s = arena_alloc(&arena, strlen(word) / 2 + 1);

	*n = strlen(word) / 2;
	for (size_t i = 0; i < *n; i++)
		s[i] = (char)(text_hex(word[2 * i]) << 4 |
		              text_hex(word[2 * i + 1]));
	return s;
}

static void
put_hex(const char *s, size_t n)
{
	while (n-- > 0)
		printf("%02x", (unsigned char)*s++);
}

static void
show_json(const char *text, size_t n)
{
	struct json_error why;
	struct json v;
	struct buf b;

	switch (json_parse(&arena, text, n, &v, &why)) {
	case ERR_OK:
		buf_init(&b, &arena);
		json_write(&b, v, NULL);
		printf("ok %s\n", b.s);
		break;
	case ERR_INVALID:
		printf("invalid %zu\n", why.offset);
		break;
	default:
		printf("malformed\n");
	}
}

static void
show_form(const char *type, const char *body, size_t n)
{
	struct form f;

	if (form_parse(&arena, type, body, n, &f) != ERR_OK) {
		printf("malformed %s\n", f.error);
		return;
	}
	printf("ok ");
	for (size_t i = 0; i < f.count; i++) {
		put_hex(f.fields[i].name, f.fields[i].name_len);
		printf("=");
		put_hex(f.fields[i].value, f.fields[i].value_len);
		printf("%s&", f.fields[i].is_file ? "@" : "");
	}
	printf("\n");
}

int
main(void)
{
	char *line = NULL, *word[3];
	const char *text;
	size_t size = 0, n, type_len;

	arena_init(&arena);
	while (getline(&line, &size, stdin) > 0) {
		line[strcspn(line, "\n")] = '\0';
		word[0] = line;
		for (int i = 1; i < 3; i++) {
			word[i] = word[i - 1] + strcspn(word[i - 1], " ");
			if (*word[i] != '\0')
				*word[i]++ = '\0';
		}
		if (strcmp(word[0], "form") == 0) {
			text = unhex(word[2], &n);
			show_form(unhex(word[1], &type_len), text, n);
		} else {
			text = unhex(word[1], &n);
			if (strcmp(word[0], "json") == 0)
				show_json(text, n);
			else if (text_is_utf8(text, n))
				printf("ok\n");
			else
				printf("malformed\n");
		}
		fflush(stdout);
		arena_reset(&arena);
	}
	free(line);
	arena_free(&arena);
	return 0;
}
