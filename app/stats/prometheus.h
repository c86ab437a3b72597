/*
 * Metrics in Prometheus' text format.
 */
#ifndef LATCHKEY_STATS_PROMETHEUS_H
#define LATCHKEY_STATS_PROMETHEUS_H

#include "lib/buf.h"

#define PROMETHEUS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/*
 * Append all metrics. Of requests only routes and statuses that there have
 * been; of queues those that the kernel reports.
 * Source: Prometheus, "Exposition formats", text format 0.0.4.
 */
void prometheus_write(struct buf *b);

#endif
