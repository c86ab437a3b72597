/*
 * Validation errors of a request's fields, in pydantic's format.
 */
#include "base.h"

#include <inttypes.h>
#include <string.h>

#include "http/problem.h"

/*
 * A message is a text, or one that goes on with a number and its unit, which
 * may be empty.
 */
struct shape {
	const char *type, *message, *unit;
	const char *context; /* the member of ctx; NULL: there is none */
};

/* clang-format off */
static const struct shape shapes[] = {
	[PROBLEM_MISSING]        = { "missing", "Field required", NULL, NULL },
	[PROBLEM_TWICE]          = { "value_error", "Field given twice", NULL, NULL },
	[PROBLEM_NOT_TEXT]       = { "string_type", "Input should be a valid string", NULL, NULL },
	[PROBLEM_NOT_NUMBER]     = { "int_type", "Input should be a valid integer", NULL, NULL },
	[PROBLEM_NUMBER_UNREADABLE] = { "int_parsing", "Input should be a valid integer, unable to parse string as an integer", NULL, NULL },
	[PROBLEM_TOO_SMALL]      = { "greater_than_equal", "Input should be greater than or equal to ", "", "ge" },
	[PROBLEM_TOO_LARGE]      = { "less_than_equal", "Input should be less than or equal to ", "", "le" },
	[PROBLEM_NOT_BOOL]       = { "bool_type", "Input should be a valid boolean", NULL, NULL },
	[PROBLEM_BOOL_UNREADABLE] = { "bool_parsing", "Input should be a valid boolean, unable to interpret input", NULL, NULL },
	[PROBLEM_NOT_UNICODE]    = { "string_unicode", "Input should be a valid string, unable to parse raw data as a unicode string", NULL, NULL },
	[PROBLEM_NUL]            = { "value_error", "Value error, a NUL character is not allowed", NULL, "error" },
	[PROBLEM_TOO_SHORT]      = { "string_too_short", "String should have at least ", "character", "min_length" },
	[PROBLEM_TOO_LONG]       = { "string_too_long", "String should have at most ", "character", "max_length" },
	[PROBLEM_TOO_MANY_BYTES] = { "string_too_long", "String in UTF-8 should have at most ", "byte", "max_length" },
	[PROBLEM_PASSWORD_COMMON] = { "password_too_common", "Password is too common, please choose another", NULL, NULL },
	[PROBLEM_PASSWORD_IS_NAME] = { "password_is_username", "Password should not be the user name, please choose another", NULL, NULL },
	[PROBLEM_PATTERN]        = { "string_pattern_mismatch", "String should match pattern ", NULL, "pattern" },
	[PROBLEM_NOT_OBJECT]     = { "model_attributes_type", "Input should be a valid dictionary or object to extract fields from", NULL, NULL },
	[PROBLEM_NOT_JSON]       = { "json_invalid", "JSON decode error", NULL, "error" },
};
/* clang-format on */

void
problem_add(struct req *r, struct problem f)
{
	struct problem **end = &r->problems;

	while (*end != NULL)
		end = &(*end)->next;
	*end = arena_alloc(r->ctx->arena, sizeof(f));
	**end = f;
	(*end)->next = NULL;
}

static void
write_location(struct buf *b, const struct problem *f)
{
	static const char *const sources[] = { "body", "query", "path" };

	buf_addf(b, "\"loc\":[\"%s\"", sources[f->source]);
	if (f->kind == PROBLEM_NOT_JSON)
		buf_addf(b, ",%" PRId64, f->number);
	if (f->field != NULL) {
		buf_adds(b, ",");
		buf_add_json(b, f->field, strlen(f->field));
	}
	buf_adds(b, "]");
}

void
problem_add_message(struct buf *b, const struct problem *f)
{
	const struct shape *s = &shapes[f->kind];

	buf_adds(b, s->message);
	if (s->unit != NULL)
		buf_addf(b, "%" PRId64, f->number);
	if (s->unit != NULL && *s->unit != '\0')
		buf_addf(b, " %s%s", s->unit, f->number == 1 ? "" : "s");
	if (f->kind == PROBLEM_PATTERN)
		buf_addf(b, "'%s'", f->detail);
}

static void
write_context(struct buf *b, const struct problem *f)
{
	const struct shape *s = &shapes[f->kind];

	if (s->context == NULL)
		return;
	buf_addf(b, ",\"ctx\":{\"%s\":", s->context);
	if (s->unit != NULL)
		buf_addf(b, "%" PRId64, f->number);
	else
		buf_add_json(b, f->detail, strlen(f->detail));
	buf_adds(b, "}");
}

void
problem_write(struct buf *b, const struct problem *list)
{
	struct buf message;
	const struct problem *f;

	buf_adds(b, "[");
	for (f = list; f != NULL; f = f->next) {
		buf_addf(b, "%s{\"type\":\"%s\",", f == list ? "" : ",",
		    shapes[f->kind].type);
		write_location(b, f);
		buf_adds(b, ",");
		buf_adds(b, "\"msg\":");
		buf_init(&message, b->arena);
		problem_add_message(&message, f);
		buf_add_json(b, message.s, message.len);
		buf_addf(
		    b, ",\"input\":%s", f->input != NULL ? f->input : "null");
		write_context(b, f);
		buf_adds(b, "}");
	}
	buf_adds(b, "]");
}
