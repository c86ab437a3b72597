/*
 * How soon to start again what has ended, so that one that cannot begin is not
 * started in a circle.
 */
#ifndef LATCHKEY_BACKOFF_H
#define LATCHKEY_BACKOFF_H

#include "base.h"

/*
 * The pause in milliseconds before the next start, after one that lasted for
 * lived_ms: none at first, then 100 and twice as much each time, 10 seconds at
 * most. What lasted for 10 seconds began well, and all before is forgotten.
 * *failures: how many there were in a row; 0 to begin with.
 */
int64_t backoff_ms(int *failures, int64_t lived_ms);

#endif
