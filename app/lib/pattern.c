/*
 * Patterns that a text has to match: extended regular expressions.
 *
 * The C library's are not for texts of unknown clients: for some patterns, such
 * as ((a*)*b*){9}, its time is exponential, and its automaton grows with what
 * it has seen. Here a pattern is made a program of a bounded size, and all of
 * its steps that are possible are followed at once (Thompson, 1968).
 */
#include "base.h"

#include <ctype.h>
#include <string.h>

#include "lib/pattern.h"
#include "lib/text.h"

#define STEPS_MAX 2000
#define RANGES_MAX 4000
#define DEPTH_MAX 50 /* of parentheses */
#define TIMES_MAX 1000

/* SPLIT goes on at both; others are zero-width but for the first three. */
enum op { ONE, ANY, SET, NONE_OF, SPLIT, JUMP, BEGIN, END, MATCH };

struct step {
	enum op op;
	int16_t to, other;     /* relative to this step */
	uint16_t first, count; /* ranges of a set */
	uint32_t c;
};

struct range {
	uint32_t low, high;
};

struct program {
	const char *at; /* in the pattern, while it is compiled */
	const char *problem;
	unsigned depth;
	size_t n, ranges;
	struct step step[STEPS_MAX + 1];
	struct range range[RANGES_MAX];
};

/* The character at *s, which moves on behind it. */
static uint32_t
next_char(const char **s)
{
	const unsigned char *p = (const unsigned char *)*s;
	size_t n = text_utf8_len(*s, strlen(*s)), i;
	uint32_t c = p[0];

	if (n > 1)
		c &= 0xffU >> (n + 1);
	for (i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3fU);
	*s += n > 0 ? n : 1;
	return c;
}

/* --- from a pattern to a program --- */

static void
fail(struct program *p, const char *problem)
{
	if (p->problem == NULL)
		p->problem = problem;
}

static void
emit(struct program *p, struct step step)
{
	if (p->n < STEPS_MAX)
		p->step[p->n++] = step;
	else
		fail(p, "its repetitions {m,n} make it too long");
}

/* Put a step before those from start on, which keep their distances. */
static void
insert(struct program *p, size_t start, struct step step)
{
	emit(p, step);
	if (p->problem != NULL)
		return;
	memmove(&p->step[start + 1], &p->step[start],
	    (p->n - 1 - start) * sizeof(p->step[0]));
	p->step[start] = step;
}

static void
split(struct program *p, size_t start, size_t other)
{
	insert(p, start,
	    (struct step){ .op = SPLIT, .to = 1, .other = (int16_t)other });
}

static void
add_range(struct program *p, uint32_t low, uint32_t high)
{
	if (low > high)
		fail(p, "a range in brackets ends before it begins");
	else if (p->ranges == RANGES_MAX)
		fail(p, "its repetitions {m,n} make it too long");
	else
		p->range[p->ranges++] = (struct range){ low, high };
}

static void
add_class(struct program *p)
{
	static const struct {
		const char *name;
		int (*has)(int c);
	} classes[] = { { "alnum", isalnum }, { "alpha", isalpha },
		{ "blank", isblank }, { "cntrl", iscntrl },
		{ "digit", isdigit }, { "graph", isgraph },
		{ "lower", islower }, { "print", isprint },
		{ "punct", ispunct }, { "space", isspace },
		{ "upper", isupper }, { "xdigit", isxdigit } };
	size_t i, n;
	int c, begin;

	for (i = 0; i < ARRAY_LEN(classes); i++) {
		n = strlen(classes[i].name);
		if (strncmp(p->at + 2, classes[i].name, n) != 0 ||
		    strncmp(p->at + 2 + n, ":]", 2) != 0)
			continue;
		p->at += n + 4;
		for (begin = 0; begin < 0x80; begin = c + 1) {
			for (c = begin; c < 0x80 && classes[i].has(c); c++)
				;
			if (c > begin)
				add_range(p, (uint32_t)begin, (uint32_t)c - 1);
		}
		return;
	}
	fail(p, "it names no class of characters that there is");
}

/* A character or a range of a bracket expression. */
static void
add_item(struct program *p)
{
	uint32_t low = next_char(&p->at), high = low;

	if (p->at[0] == '-' && p->at[1] != ']' && p->at[1] != '\0') {
		p->at++;
		high = next_char(&p->at);
	}
	add_range(p, low, high);
}

static void
compile_bracket(struct program *p)
{
	struct step step = { .op = SET, .first = (uint16_t)p->ranges };
	bool first = true;

	p->at++;
	if (*p->at == '^') {
		step.op = NONE_OF;
		p->at++;
	}
	for (; p->problem == NULL && (*p->at != ']' || first); first = false) {
		if (*p->at == '\0')
			fail(p, "a [ is without its ]");
		else if (p->at[0] == '[' && p->at[1] == ':')
			add_class(p);
		else if (p->at[0] == '[' &&
		         (p->at[1] == '.' || p->at[1] == '='))
			fail(p, "it has [.x.] or [=x=]");
		else
			add_item(p);
	}
	p->at += p->problem == NULL;
	step.count = (uint16_t)(p->ranges - step.first);
	emit(p, step);
}

static void compile_choice(struct program *p);

static void
compile_group(struct program *p)
{
	if (++p->depth > DEPTH_MAX) {
		fail(p, "its parentheses are nested too deep");
		return;
	}
	p->at++;
	compile_choice(p);
	p->depth--;
	if (*p->at != ')')
		fail(p, "a ( is without its )");
	else
		p->at++;
}

static void
compile_escape(struct program *p)
{
	const char *c = p->at + 1;

	if (!ispunct((unsigned char)*c))
		fail(p, "it has a backslash before something else than "
		        "punctuation");
	else
		p->at += 2;
	emit(p, (struct step){ .op = ONE, .c = (unsigned char)*c });
}

/* One element, without what repeats it. */
static void
compile_element(struct program *p)
{
	switch (*p->at) {
	case '(':
		compile_group(p);
		break;
	case '[':
		compile_bracket(p);
		break;
	case '\\':
		compile_escape(p);
		break;
	case '*':
	case '+':
	case '?':
	case '{':
		fail(p, "it repeats nothing, or a repetition");
		break;
	case '.':
	case '^':
	case '$':
		emit(p, (struct step){ .op = *p->at == '.'   ? ANY
		                             : *p->at == '^' ? BEGIN
		                                             : END });
		p->at++;
		break;
	default:
		emit(p, (struct step){ .op = ONE, .c = next_char(&p->at) });
	}
}

/* A decimal number at *s. False: there is none, or it is too high. */
static bool
read_times(const char **s, unsigned *out)
{
	const char *begin = *s;

	for (*out = 0; isdigit((unsigned char)**s) && *out <= TIMES_MAX; ++*s)
		*out = *out * 10 + (unsigned)(**s - '0');
	return *s > begin && *out <= TIMES_MAX;
}

/* The steps from start on, as often as wanted or not at all. */
static void
make_star(struct program *p, size_t start)
{
	size_t len = p->n - start;

	split(p, start, len + 2);
	emit(p, (struct step){ .op = JUMP, .to = (int16_t)(-(int)len - 1) });
}

/* The element again, as many times; each may be missing if it is optional. */
static void
repeat(struct program *p, const char *element, unsigned times, bool optional)
{
	size_t start;

	while (times-- > 0 && p->problem == NULL) {
		p->at = element;
		start = p->n;
		compile_element(p);
		if (optional)
			split(p, start, p->n - start + 1);
	}
}

/* The numbers of {m}, {m,} (*most is 0 then) or {m,n}, which p->at is behind.
 */
static bool
read_interval(struct program *p, unsigned *least, unsigned *most)
{
	const char *end = p->at + 1;
	bool good = read_times(&end, least);

	*most = *least;
	if (good && *end == ',') {
		end++;
		*most = 0;
		good =
		    *end == '}' || (read_times(&end, most) && *most >= *least);
	}
	good = good && *end == '}' && (*most > 0 || end[-1] == ',');
	if (!good)
		fail(p, "a { begins none of {m}, {m,} and {m,n}, m to n, of at "
		        "most 1000");
	p->at = end + good;
	return good;
}

/* The same of an element, whose steps, there once, begin at start. */
static void
compile_times(struct program *p, const char *element, size_t start)
{
	unsigned least, most;
	const char *end;

	if (!read_interval(p, &least, &most))
		return;
	end = p->at;
	if (least > 0) {
		repeat(p, element, least - 1, false);
	} else if (most > 0) {
		split(p, start, p->n - start + 1);
		least = 1; /* of the most, this one is made */
	}
	if (most > 0) {
		repeat(p, element, most - least, true);
	} else if (least == 0) {
		make_star(p, start);
	} else {
		start = p->n;
		repeat(p, element, 1, false);
		make_star(p, start);
	}
	p->at = end;
}

/* An element, and what repeats it. */
static void
compile_repeated(struct program *p)
{
	const char *element = p->at;
	size_t start = p->n;

	compile_element(p);
	if (p->problem != NULL)
		return;
	switch (*p->at) {
	case '*':
		make_star(p, start);
		break;
	case '+':
		emit(p, (struct step){ .op = SPLIT,
		            .to = 1,
		            .other = (int16_t)((int)start - (int)p->n) });
		break;
	case '?':
		split(p, start, p->n - start + 1);
		break;
	case '{':
		compile_times(p, element, start);
		return;
	default:
		return;
	}
	p->at++;
}

/* Elements one after the other, or none. */
static void
compile_sequence(struct program *p)
{
	size_t start = p->n;

	while (p->problem == NULL && *p->at != '\0' && *p->at != '|' &&
	       *p->at != ')') {
		compile_repeated(p);
		if (*p->at != '\0' && strchr("*+?{", *p->at) != NULL)
			fail(p, "it repeats nothing, or a repetition");
	}
	if (p->n == start)
		emit(p, (struct step){ .op = JUMP, .to = 1 });
}

/* Sequences, of which one has to match. */
static void
compile_choice(struct program *p)
{
	size_t start = p->n, jump;

	compile_sequence(p);
	if (p->problem != NULL || *p->at != '|')
		return;
	split(p, start, p->n - start + 2);
	jump = p->n;
	emit(p, (struct step){ .op = JUMP });
	p->at++;
	compile_choice(p);
	p->step[jump].to = (int16_t)(p->n - jump);
}

static void
compile(struct program *p, const char *pattern)
{
	p->at = pattern;
	p->problem = NULL;
	p->depth = 0;
	p->n = p->ranges = 0;
	compile_choice(p);
	if (p->problem == NULL && *p->at != '\0')
		fail(p, "a ) is without its (");
	p->step[p->n] = (struct step){ .op = MATCH };
}

const char *
pattern_problem(const char *pattern)
{
	struct program p;
	size_t n = strlen(pattern);

	if (n > PATTERN_MAX_BYTES)
		return "it is longer than 255 bytes";
	if (!text_is_utf8(pattern, n))
		return "it is not UTF-8";
	compile(&p, pattern);
	return p.problem;
}

/* --- a text --- */

/* Steps that are possible at a place of the text, each once. */
struct possible {
	uint16_t step[STEPS_MAX + 1];
	bool has[STEPS_MAX + 1];
	size_t n;
};

static void
add_step(struct possible *list, size_t step)
{
	if (!list->has[step]) {
		list->has[step] = true;
		list->step[list->n++] = (uint16_t)step;
	}
}

/* Add where steps lead that take no character; the list grows meanwhile. */
static void
follow(const struct program *p, struct possible *list, bool begin, bool end)
{
	const struct step *s;
	size_t i, at;

	for (i = 0; i < list->n; i++) {
		at = list->step[i];
		s = &p->step[at];
		if (s->op == SPLIT || s->op == JUMP)
			add_step(list, (size_t)((ptrdiff_t)at + s->to));
		if (s->op == SPLIT)
			add_step(list, (size_t)((ptrdiff_t)at + s->other));
		if ((s->op == BEGIN && begin) || (s->op == END && end))
			add_step(list, at + 1);
	}
}

/* Does a step take this character? */
static bool
takes(const struct program *p, const struct step *s, uint32_t c)
{
	size_t i;

	if (s->op == ONE || s->op == ANY)
		return s->op == ANY || s->c == c;
	if (s->op != SET && s->op != NONE_OF)
		return false;
	for (i = s->first; i < (size_t)s->first + s->count; i++)
		if (p->range[i].low <= c && c <= p->range[i].high)
			return s->op == SET;
	return s->op == NONE_OF;
}

bool
pattern_matches(const char *pattern, const char *text)
{
	struct possible lists[2] = { 0 }, *now = &lists[0], *next = &lists[1],
	                *other;
	struct program p;
	const char *s = text;
	uint32_t c;
	size_t i;

	compile(&p, pattern);
	add_step(now, 0);
	follow(&p, now, true, *s == '\0');
	while (*s != '\0' && now->n > 0) {
		c = next_char(&s);
		for (i = 0; i < now->n; i++)
			if (takes(&p, &p.step[now->step[i]], c))
				add_step(next, (size_t)now->step[i] + 1);
		follow(&p, next, false, *s == '\0');
		other = now;
		now = next;
		next = other;
		memset(next, 0, sizeof(*next));
	}
	return p.problem == NULL && now->has[p.n];
}
