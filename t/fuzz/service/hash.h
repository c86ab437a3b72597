/*
 * Shared state of the parts of the fake world.
 */
#ifndef LATCHKEY_FUZZ_HASH_H
#define LATCHKEY_FUZZ_HASH_H

#include "world.h"

#define HASH_BYTES 128

/* A hash of this password. False: the setting is wrong. */
bool hash_make(const char *password, const char *setting, char out[HASH_BYTES]);

/* Time, chance and what happened are as they were. */
void time_begins(void);

void time_goes_on(int64_t s);

/* A copy that lives as long as the world; of NULL: NULL. */
const char *keep(const char *s);

#endif
