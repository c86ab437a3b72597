/*
 * nginx as it runs on this machine: its configuration, its answers, and whether
 * it may use a socket.
 */
#ifndef LATCHKEY_CMD_NGINX_LIVE_H
#define LATCHKEY_CMD_NGINX_LIVE_H

#include "lib/buf.h"

#define NGINX_INPUT_MAX_BYTES ((size_t)16 << 20)

/*
 * Append all that descriptor fd gives. ERR_TOOBIG: more than the limit above;
 * ERR_INTERNAL: it cannot be read, see errno.
 */
enum err nginx_live_read(int fd, struct buf *out) MUST_CHECK;

/*
 * Append what `nginx -v -T` prints, its messages first. ERR_NOTFOUND: there is
 * no nginx; ERR_DENIED: it refuses its configuration, or may not read it: out
 * has its words; others as above.
 */
enum err nginx_live_dump(struct buf *out) MUST_CHECK;

/*
 * Ask url once, as a client without token and cookie, of nginx at address, in
 * the form of a directive listen ("*:80"). Returns the status of the answer; 0:
 * there is none, or no curl, which does the asking.
 */
int nginx_live_ask(const char *address, const char *url) MUST_CHECK;

/*
 * Why the user that nginx's workers run as cannot connect to a socket: a text
 * for people, which lives as long as the arena; NULL: nothing is known against
 * it. Of a system with more than permissions (SELinux, say) that is all.
 */
const char *nginx_live_socket_problem(
    struct arena *a, const char *user, const char *path);

#endif
