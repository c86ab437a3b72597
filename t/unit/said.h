/*
 * What is said on standard error between two points of a test.
 */
#ifndef LATCHKEY_SAID_H
#define LATCHKEY_SAID_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int said_fd, stderr_fd;
static char said_text[2000];

static void
listen_to_stderr(void)
{
	char path[] = "/tmp/latchkey-said-XXXXXX";

	fflush(stderr);
	said_fd = mkstemp(path);
	unlink(path);
	stderr_fd = dup(STDERR_FILENO);
	dup2(said_fd, STDERR_FILENO);
}

static const char *
said(void)
{
	ssize_t n;

	fflush(stderr);
	dup2(stderr_fd, STDERR_FILENO);
	close(stderr_fd);
	n = pread(said_fd, said_text, sizeof(said_text) - 1, 0);
	said_text[n > 0 ? n : 0] = '\0';
	close(said_fd);
	return said_text;
}

#endif
