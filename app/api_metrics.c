/*
 * The figures, for Prometheus and those who read its format.
 */
#include "base.h"

#include "api.h"
#include "prometheus.h"
#include "reply.h"

enum err
api_metrics(struct req *r)
{
	prometheus_write(reply_begin(r, 200, PROMETHEUS_TYPE));
	return ERR_OK;
}
