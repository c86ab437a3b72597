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

/* A request that comes in parts, in memory until it is whole. */
struct fcgi_part;

/* Memory of the parts of all connections of a process, in bytes, at most. */
#define FCGI_PARTS_MAX_BYTES (1L << 20)

/*
 * How much of a connection's next request has come? A request that is whole at
 * the first look stays in the socket. Of another one what has come is taken
 * into memory, or a peer that writes only while its socket has room would never
 * write the rest: then *part, which is NULL at first, is this connection's part
 * until fcgi_part_free(). Never waits; reads at most 128 KiB.
 * FCGI_RECORD_WHOLE, FCGI_RECORD_LARGE: to be answered by fcgi_answer(), before
 * another look. (Bytes that come in between are lost: no web server sends a
 * request before the last one's answer.)
 * FCGI_RECORD_WRONG: the peer has gone, or sends something else, or more than
 * we take; the log says so.
 */
enum fcgi_record_state fcgi_look(
    struct fcgi *f, int fd, struct fcgi_part **part) MUST_CHECK;

/* Has something come over a connection, or its end? Reads nothing. */
bool fcgi_is_readable(int fd);

/*
 * Read the request that fcgi_look() found, have run() build the reply, and send
 * it. *c is reset. True: the connection is to be kept, and *part is NULL;
 * otherwise it is closed, and *part is free.
 * Of FCGI_RECORD_LARGE the reply is sent before the body has come, and *part
 * remains: what still comes is read and dropped, so that the peer reads the
 * reply, until it closes or fcgi_part_is_overdue().
 */
bool fcgi_answer(struct fcgi *f, int fd, struct fcgi_part **part, struct ctx *c,
    void (*run)(struct req *r)) MUST_CHECK;

/* Forget a connection's part; *part may be NULL, and is NULL afterwards. */
void fcgi_part_free(struct fcgi *f, struct fcgi_part **part);

/*
 * Has nothing come of a part for five seconds, or not all of it for a minute?
 * (Of a body that is dropped: two seconds, and ten.) now_ms: of clock_ms().
 */
bool fcgi_part_is_overdue(const struct fcgi_part *part, int64_t now_ms);

/* Log why a part will not be answered; unless it has been. */
void fcgi_part_log(const struct fcgi_part *part, const char *what);

/* Did the first byte of a part come before that of another? */
bool fcgi_part_is_older(
    const struct fcgi_part *part, const struct fcgi_part *other);

/* Do the parts take more than FCGI_PARTS_MAX_BYTES? */
bool fcgi_parts_are_full(const struct fcgi *f);

#endif
