/*
 * Upgrade: another program in the place of the supervisor's, by exec. The
 * process stays the same, and with it its number, sockets and workers.
 */
#ifndef LATCHKEY_SERVER_UPGRADE_H
#define LATCHKEY_SERVER_UPGRADE_H

#include <limits.h>
#include <sys/stat.h>

#include "server/handover.h"

struct upgrade {
	char path[PATH_MAX];  /* of the program, absolute */
	const char *settings; /* the file */
	struct stat started;  /* the program that this process is */
	struct stat tried;    /* and the one of the last trial */
};

/* At the start: which program is this? settings: the file's name, kept. */
void upgrade_begin(struct upgrade *u, const char *settings);

/*
 * Is another program, or none, at the path, or has a library been replaced that
 * this one has loaded?
 */
bool upgrade_is_due(const struct upgrade *u) MUST_CHECK;

/* Note which program is at the path, before it is tried. */
void upgrade_note_trial(struct upgrade *u);

/* Is the program at the path still the one that was tried? */
bool upgrade_is_tried(const struct upgrade *u) MUST_CHECK;

/*
 * In the supervisor, or in a child of it to try whether the program could take
 * over, which then says so by its exit status: execute it. Returns only if that
 * was not possible, with a line on standard error, and nothing has changed.
 */
void upgrade_execute(const struct upgrade *u, const struct handover *h);

#endif
