/*
 * Table of endpoints, and the gates before each.
 */
#ifndef LATCHKEY_ROUTE_H
#define LATCHKEY_ROUTE_H

#include "http/req.h"

/*
 * Build the reply to a request: find its row, apply the row's gates, run its
 * handler. Always leaves a reply, and writes a line to the log.
 */
void route_run(struct req *r);

/* Register the rows' paths and lanes with stats/metrics.c. */
void route_name_rows(void);

/*
 * Write the table to standard output: methods, path, lane, who may ask, from
 * which pages, limit of attempts, body, bytes, form of errors.
 */
void route_print(void);

#endif
