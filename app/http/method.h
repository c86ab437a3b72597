/*
 * HTTP methods.
 */
#ifndef LATCHKEY_HTTP_METHOD_H
#define LATCHKEY_HTTP_METHOD_H

#include "lib/buf.h"

/*
 * The methods that an endpoint may have, in the order in which they are listed.
 * A row here is all that a new one takes.
 */
#define METHODS(ROW) \
	ROW(GET)     \
	ROW(HEAD)    \
	ROW(POST)    \
	ROW(PUT)     \
	ROW(PATCH)   \
	ROW(DELETE)  \
	ROW(OPTIONS)

#define METHOD_NUMBER(name) METHOD_NUMBER_##name,
#define METHOD_BIT(name) METHOD_##name = 1 << METHOD_NUMBER_##name,

enum method_number { METHODS(METHOD_NUMBER) METHOD_COUNT };

/* As bits, so that a row of route.c can hold several. */
enum method { METHOD_OTHER = 0, METHODS(METHOD_BIT) };

/* The method of this name, as it is written; METHOD_OTHER: none, or NULL. */
enum method method_of(const char *name);

/* Its name; "-" of METHOD_OTHER. */
const char *method_name(enum method method);

/* Append the names of these bits, as Allow wants them: "GET, HEAD". */
void method_list(struct buf *b, unsigned methods);

#endif
