/*
 * Places that `latchkey serve` takes: sockets, ports, the status file.
 */
#ifndef LATCHKEY_CMD_PLACE_H
#define LATCHKEY_CMD_PLACE_H

#include "conf.h"
#include "lib/arena.h"

/*
 * Could the user of this process make the sockets and the status file that the
 * settings name, without making them? Each problem is a line on standard error:
 * a warning where systemd, or a service that runs, may be what explains it.
 * *unseen: what could not be judged, as in "which process listens on ..."; of
 * the whole call; NULL: nothing. False: a setting can never be right.
 */
bool place_check(
    const struct conf *conf, struct arena *a, const char **unseen) MUST_CHECK;

#endif
