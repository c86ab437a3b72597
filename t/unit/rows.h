/*
 * The database, for a test that includes a file of db/: the rows that its
 * statements give, no rows, and errors. To be included before that file.
 */
#ifndef LATCHKEY_ROWS_H
#define LATCHKEY_ROWS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define db_run run_of_ours
#define db_one one_of_ours
#define db_text text_of_ours
#define db_int int_of_ours
#define db_true true_of_ours
#include "db/db.h"

#define PARAMS_MAX 9

static struct arena arena;

/* Answers to come, in turn: columns with | between, rows that end with ;. */
static const struct answer {
	enum err e;
	const char *rows;
} * answers;
static int answered;
static char ran[400]; /* the statements that were run, a blank behind each */
static const char *params[PARAMS_MAX]; /* of the last one */

/* Is it that text? NULL is not. */
static bool
is_same(const char *a, const char *b)
{
	return a != NULL && strcmp(a, b) == 0;
}

static int
count_of(const char *rows)
{
	int n = 0;

	for (; (rows = strchr(rows, ';')) != NULL; rows++)
		n++;
	return n;
}

enum err
run_of_ours(struct db *db, struct arena *a, const struct db_sql *sql,
    struct db_params p, struct db_rows *out)
{
	const struct answer *now = &answers[answered++];
	size_t n = strlen(ran);
	int i;

	(void)db;
	(void)a;
	snprintf(ran + n, sizeof(ran) - n, "%s ", sql->name);
	if (p.count != db_sql_params(sql->text))
		abort();
	for (i = 0; i < p.count; i++)
		params[i] =
		    p.value[i] != NULL
		        ? arena_strndup(&arena, p.value[i], strlen(p.value[i]))
		        : NULL;
	if (out != NULL && now->e == ERR_OK)
		*out = (struct db_rows){ now->rows, count_of(now->rows) };
	return now->e;
}

enum err
one_of_ours(struct db *db, struct arena *a, const struct db_sql *sql,
    struct db_params p, struct db_rows *out)
{
	return run_of_ours(db, a, sql, p, out);
}

/* "-" is NULL. A row or a column that is not there ends the test. */
const char *
text_of_ours(const struct db_rows *rows, int row, int column)
{
	const char *at = rows->result;
	size_t n;

	if (row >= rows->count)
		abort();
	for (; row > 0; row--)
		at = strchr(at, ';') + 1;
	for (; column > 0; column--) {
		at += strcspn(at, "|;");
		if (*at++ != '|')
			abort();
	}
	n = strcspn(at, "|;");
	return n == 1 && *at == '-' ? NULL : arena_strndup(&arena, at, n);
}

int64_t
int_of_ours(const struct db_rows *rows, int row, int column)
{
	const char *text = text_of_ours(rows, row, column);
	char *end;
	int64_t v = text != NULL ? strtoll(text, &end, 10) : 0;

	if (text != NULL && (*end != '\0' || end == text))
		abort(); /* another column */
	return v;
}

bool
true_of_ours(const struct db_rows *rows, int row, int column)
{
	const char *text = text_of_ours(rows, row, column);

	return is_same(text, "t");
}

static void
will_answer(const struct answer *a)
{
	answers = a;
	answered = 0;
	ran[0] = '\0';
}

/* A single answer. */
static void
will_be(enum err e, const char *rows)
{
	static struct answer one[2];

	one[0] = (struct answer){ e, rows };
	one[1] = (struct answer){ ERR_INTERNAL, "" };
	will_answer(one);
}

#endif
