/*
 * FastCGI: requests in, replies out. The only file that knows libfcgi, and
 * what has to be done around it.
 */
#ifndef LATCHKEY_HTTP_FCGI_H
#define LATCHKEY_HTTP_FCGI_H

#include "http/fcgi_record.h"
#include "http/req.h"

struct fcgi; /* libfcgi, and the request in hand */

/*
 * Initialise libfcgi; the same one each time, NULL if that fails. Of its signal
 * handlers none stays: SIGPIPE and SIGUSR1 are ignored, SIGTERM has its default
 * action. A caller that waits for SIGTERM has blocked it before, or libfcgi's
 * handler might swallow one.
 */
struct fcgi *fcgi_open(void);

/*
 * Options of a listening socket that its connections inherit. Over TCP: a
 * receive buffer for a whole request, and no delay of an answer's end.
 */
void fcgi_prepare_listener(int listener);

/*
 * Time limits of a new connection: a peer that does not read its answer holds
 * the process for two times 2.5 s, no longer.
 */
void fcgi_prepare_connection(int fd);

/*
 * How much of a connection's next request has come? It stays in the socket.
 * FCGI_RECORD_WRONG: the peer has gone, or sends something else, or more than
 * we take; the log says so. *alone: nothing lies behind a whole one. (What
 * comes between this and fcgi_answer() is lost: no web server sends a request
 * before the last one's answer.)
 */
enum fcgi_record_state fcgi_peek(
    struct fcgi *f, int fd, bool *alone) MUST_CHECK;

/*
 * Read the request that fcgi_peek() found whole, have run() build the reply,
 * and send it. *c is reset. alone: as fcgi_peek() said. True:
 * the connection is to be kept; otherwise it is closed.
 */
bool fcgi_answer(struct fcgi *f, int fd, bool alone, struct ctx *c,
    void (*run)(struct req *r)) MUST_CHECK;

#endif
