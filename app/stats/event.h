/*
 * The table of events: what is logged, what is counted, what is audited.
 *
 * A row is all that an outcome needs: its place calls event(), and the log,
 * /metrics and `latchkey status` have it. Never a name, password, token, hash
 * or cookie: accounts are named by number.
 */
#ifndef LATCHKEY_STATS_EVENT_H
#define LATCHKEY_STATS_EVENT_H

#include <stdatomic.h>

#include "lib/log.h"
#include "stats/shm.h"

/* clang-format off */
/*
 * Families of counters: the metric, the label that distinguishes its counters
 * (NULL: there is one), the title on the status page, and what it counts.
 */
#define FAMILY_TABLE(ROW) \
	ROW(LOGINS,         "latchkey_logins_total",                 "outcome", "logins",               "Password logins by outcome.") \
	ROW(SIGNUPS,        "latchkey_signups_total",                "outcome", "sign-ups",             "Sign-ups by outcome.") \
	ROW(CHANGES,        "latchkey_password_changes_total",       "outcome", "password changes",     "Password changes by the account's owner, by outcome.") \
	ROW(DELETIONS,      "latchkey_account_deletions_total",      "outcome", "deletions",            "Deletions of accounts by their owner, by outcome.") \
	ROW(SERVICE_LIMIT,  "latchkey_service_limit_refusals_total", "share",   "service limit",        "Logins refused by the service-wide limit of failed logins, by share.") \
	ROW(SHED,           "latchkey_logins_shed_total",            "reason",  "shed",                 "Logins and sign-ups refused before hashing: they waited too long, the client had gone, or sign-ups had had their share of the time.") \
	ROW(HASHES,         "latchkey_logins_by_hash_total",         "format",  "logins by hash",       "Logins by the format of the hash that the password matched, before a re-hash.") \
	ROW(HASH_REUSES,    "latchkey_hash_memory_reuses_total",     NULL,      "hash memory reuses",   "Password hashes that reused the memory of the one before.") \
	ROW(VERIFICATIONS,  "latchkey_token_verifications_total",    NULL,      "tokens verified",      "Tokens verified; others were found in the cache of verified tokens.") \
	ROW(REFRESHES,      "latchkey_refreshes_total",              "outcome", "refreshes",            "Sessions renewed by a refresh token, by outcome.") \
	ROW(CLIENTS,        "latchkey_client_tokens_total",          "outcome", "client tokens",        "Tokens that clients got for themselves, and requests of clients that were refused.") \
	ROW(LOG_LOST,       "latchkey_log_lines_lost_total",         NULL,      "log lines lost",       "Lines of the log that could not be written whole, as to a full file system, or a pipe or socket that nobody reads.") \
	ROW(RENEWALS,       "latchkey_session_renewals_total",       "outcome", "session renewals",     "Browser sessions whose cookie was renewed, by outcome.") \
	ROW(REVOKED,        "latchkey_revoked_tokens_total",         NULL,      "revoked tokens",       "Tokens refused since they had been revoked.") \
	ROW(BEHIND,         "latchkey_revocations_behind_total",     "reason",  "revocations behind",   "Times that checks could miss what had been revoked for more than three seconds, by reason.") \
	ROW(REPLIES_CUT,    "latchkey_replies_cut_total",            "reason",  "replies cut",          "Replies not written whole: not taken within the time limit, or the client had gone.") \
	ROW(CALLS_REFUSED,  "latchkey_calls_refused_total",          NULL,      "calls refused",        "Workers ended since they made a system call that their role does not need.") \
	ROW(DB_CONNECTIONS, "latchkey_database_connections_total",   NULL,      "database connections", "Connections made to the database.") \
	ROW(DB_FAILURES,    "latchkey_database_failures_total",      NULL,      "database failures",    "Failed statements, and connections that failed or were lost.") \
	ROW(RELOADS,        "latchkey_reloads_total",                "outcome", "reloads",              "Configuration reloads by outcome.")

/*
 * Events: the name of the line in the log (NULL: none), whether the line ends in
 * reason=OUTCOME, its level; the family that counts the event, and the outcome
 * there; the error that event_of() maps to it, which takes the first row of its
 * family with that error; whether it belongs in an audit log.
 */
#define EVENT_TABLE(ROW) \
	/*  event             line                      reason  level    family          outcome         error     audited */ \
	ROW(READY,            "ready",                  false,  INFO,    NONE,           NULL,           OK,       false) \
	ROW(START,            "start",                  false,  INFO,    NONE,           NULL,           OK,       false) \
	ROW(STOP,             "stop",                   false,  INFO,    NONE,           NULL,           OK,       false) \
	ROW(STOP_CUT,         "stop",                   false,  WARNING, NONE,           NULL,           OK,       false) \
	ROW(WORKER_ENDED,     "worker_ended",           false,  ERROR,   NONE,           NULL,           OK,       false) \
	ROW(CALL_REFUSED,     "call_refused",           false,  ERROR,   CALLS_REFUSED,  NULL,           OK,       true)  \
	ROW(SIGNAL_IGNORED,   "signal_ignored",         false,  INFO,    NONE,           NULL,           OK,       false) \
	ROW(RELOAD,           "reload",                 false,  INFO,    RELOADS,        "ok",           OK,       true)  \
	ROW(RELOAD_REFUSED,   "reload",                 false,  ERROR,   RELOADS,        "refused",      OK,       false) \
	ROW(UPGRADE,          "upgrade",                false,  INFO,    RELOADS,        "upgraded",     OK,       true)  \
	ROW(UPGRADE_REFUSED,  "upgrade",                false,  ERROR,   RELOADS,        "not_upgraded", OK,       true)  \
	ROW(LOG_LOST,         "log_lost",               false,  ERROR,   LOG_LOST,       NULL,           OK,       false) \
	ROW(REQUEST,          "request",                false,  INFO,    NONE,           NULL,           OK,       false) \
	ROW(REQUEST_BROKEN,   "request_broken",         false,  WARNING, NONE,           NULL,           OK,       false) \
	ROW(PARAMETER_TWICE,  "parameter_twice",        false,  WARNING, NONE,           NULL,           OK,       false) \
	ROW(WRONG_LANE,       "wrong_lane",             false,  WARNING, NONE,           NULL,           OK,       false) \
	ROW(SHED_LATE,        "login_shed",             true,   INFO,    SHED,           "late",         BUSY,     false) \
	ROW(SHED_GONE,        "login_shed",             true,   INFO,    SHED,           "gone",         BUSY,     false) \
	ROW(SHED_SHARE,       "login_shed",             true,   INFO,    SHED,           "share",        BUSY,     false) \
	ROW(REPLY_TIMEOUT,    "reply_cut",              true,   WARNING, REPLIES_CUT,    "timeout",      OK,       false) \
	ROW(REPLY_GONE,       "reply_cut",              true,   INFO,    REPLIES_CUT,    "gone",         OK,       false) \
	ROW(LOGIN,            "login",                  false,  INFO,    LOGINS,         "ok",           OK,       true)  \
	ROW(LOGIN_UNKNOWN,    "login_failed",           true,   INFO,    LOGINS,         "unknown",      UNAUTH,   true)  \
	ROW(LOGIN_PASSWORD,   "login_failed",           true,   INFO,    LOGINS,         "password",     UNAUTH,   true)  \
	ROW(LOGIN_HASH,       "login_failed",           true,   INFO,    LOGINS,         "hash",         UNAUTH,   true)  \
	ROW(LOGIN_INACTIVE,   "login_failed",           true,   INFO,    LOGINS,         "inactive",     UNAUTH,   true)  \
	ROW(LOGIN_LIMITED,    "login_failed",           true,   INFO,    LOGINS,         "rate_limited", LIMIT,    true)  \
	ROW(LOGIN_SCOPE,      "login_failed",           true,   INFO,    LOGINS,         "scope",        DENIED,   true)  \
	ROW(LOGIN_BUSY,       NULL,                     false,  INFO,    LOGINS,         "busy",         BUSY,     false) \
	ROW(LOGIN_ERROR,      NULL,                     false,  INFO,    LOGINS,         "failed",       INTERNAL, false) \
	ROW(HASH_YESCRYPT,     NULL,                     false,  INFO,    HASHES,         "yescrypt",     OK,       false) \
	ROW(HASH_BCRYPT,       NULL,                     false,  INFO,    HASHES,         "bcrypt",       OK,       false) \
	ROW(HASH_ARGON2,       NULL,                     false,  INFO,    HASHES,         "argon2",       OK,       false) \
	ROW(HASH_SCRYPT,       NULL,                     false,  INFO,    HASHES,         "scrypt",       OK,       false) \
	ROW(HASH_PBKDF2,       NULL,                     false,  INFO,    HASHES,         "pbkdf2",       OK,       false) \
	ROW(HASH_UNIX,         NULL,                     false,  INFO,    HASHES,         "unix",         OK,       false) \
	ROW(HASH_PHPASS,       NULL,                     false,  INFO,    HASHES,         "phpass",       OK,       false) \
	ROW(HASH_LDAP,         NULL,                     false,  INFO,    HASHES,         "ldap",         OK,       false) \
	ROW(HASH_DIGEST,       NULL,                     false,  INFO,    HASHES,         "digest",       OK,       false) \
	ROW(HASH_UPGRADED,    "hash_upgraded",          false,  INFO,    NONE,           NULL,           OK,       false) \
	ROW(SIGNUP,           "signup",                 false,  INFO,    SIGNUPS,        "ok",           OK,       true)  \
	ROW(SIGNUP_TAKEN,     NULL,                     false,  INFO,    SIGNUPS,        "taken",        CONFLICT, false) \
	ROW(SIGNUP_INVALID,   NULL,                     false,  INFO,    SIGNUPS,        "invalid",      INVALID,  false) \
	ROW(SIGNUP_REFUSED,   "signup_refused",         false,  INFO,    SIGNUPS,        "refused",      DENIED,   false) \
	ROW(SIGNUP_LIMITED,   NULL,                     false,  INFO,    SIGNUPS,        "rate_limited", LIMIT,    false) \
	ROW(SIGNUP_BUSY,      NULL,                     false,  INFO,    SIGNUPS,        "busy",         BUSY,     false) \
	ROW(SIGNUP_ERROR,     NULL,                     false,  INFO,    SIGNUPS,        "failed",       INTERNAL, false) \
	ROW(CHANGE,           "password_changed",       false,  INFO,    CHANGES,        "ok",           OK,       true)  \
	ROW(CHANGE_PASSWORD,  "password_refused",       false,  INFO,    CHANGES,        "password",     DENIED,   true)  \
	ROW(CHANGE_INVALID,   NULL,                     false,  INFO,    CHANGES,        "invalid",      INVALID,  false) \
	ROW(CHANGE_CONFLICT,  NULL,                     false,  INFO,    CHANGES,        "conflict",     CONFLICT, false) \
	ROW(CHANGE_LIMITED,   "password_refused",       true,   INFO,    CHANGES,        "rate_limited", LIMIT,    true)  \
	ROW(CHANGE_BUSY,      NULL,                     false,  INFO,    CHANGES,        "busy",         BUSY,     false) \
	ROW(CHANGE_ERROR,     NULL,                     false,  INFO,    CHANGES,        "failed",       INTERNAL, false) \
	ROW(RESET,            "password_reset",         false,  INFO,    NONE,           NULL,           OK,       true)  \
	ROW(DELETE,           "account_deleted",        false,  INFO,    DELETIONS,      "ok",           OK,       true)  \
	ROW(DELETE_PASSWORD,  "deletion_refused",       true,   INFO,    DELETIONS,      "password",     DENIED,   true)  \
	ROW(DELETE_CONFLICT,  NULL,                     false,  INFO,    DELETIONS,      "conflict",     CONFLICT, false) \
	ROW(DELETE_REFERRED,  "deletion_refused",       true,   INFO,    DELETIONS,      "referred",     OK,       true)  \
	ROW(DELETE_LIMITED,   "deletion_refused",       true,   INFO,    DELETIONS,      "rate_limited", LIMIT,    true)  \
	ROW(DELETE_BUSY,      NULL,                     false,  INFO,    DELETIONS,      "busy",         BUSY,     false) \
	ROW(DELETE_ERROR,     NULL,                     false,  INFO,    DELETIONS,      "failed",       INTERNAL, false) \
	ROW(LIMIT_REACHED,    "service_limit_reached",  false,  WARNING, NONE,           NULL,           OK,       false) \
	ROW(LIMIT_COMMON,     NULL,                     false,  INFO,    SERVICE_LIMIT,  "common",       LIMIT,    false) \
	ROW(LIMIT_KNOWN,      NULL,                     false,  INFO,    SERVICE_LIMIT,  "known",        LIMIT,    false) \
	ROW(HASH_REUSED,      NULL,                     false,  INFO,    HASH_REUSES,    NULL,           OK,       false) \
	ROW(TOKEN_VERIFIED,   NULL,                     false,  INFO,    VERIFICATIONS,  NULL,           OK,       false) \
	ROW(REFRESH,          NULL,                     false,  INFO,    REFRESHES,      "ok",           OK,       false) \
	ROW(REFRESH_REFUSED,  NULL,                     false,  INFO,    REFRESHES,      "refused",      UNAUTH,   false) \
	ROW(REFRESH_BUSY,     NULL,                     false,  INFO,    REFRESHES,      "busy",         BUSY,     false) \
	ROW(REFRESH_ERROR,    NULL,                     false,  INFO,    REFRESHES,      "failed",       INTERNAL, false) \
	ROW(RENEWAL,          NULL,                     false,  INFO,    RENEWALS,       "ok",           OK,       false) \
	ROW(RENEWAL_REFUSED,  NULL,                     false,  INFO,    RENEWALS,       "refused",      UNAUTH,   false) \
	ROW(RENEWAL_BUSY,     NULL,                     false,  INFO,    RENEWALS,       "busy",         BUSY,     false) \
	ROW(RENEWAL_ERROR,    NULL,                     false,  INFO,    RENEWALS,       "failed",       INTERNAL, false) \
	ROW(REFRESH_REUSED,   "refresh_reused",         false,  WARNING, NONE,           NULL,           OK,       true)  \
	ROW(CLIENT_TOKEN,     "client_token",           false,  INFO,    CLIENTS,        "ok",           OK,       true)  \
	ROW(CLIENT_REFUSED,   "client_refused",         false,  INFO,    CLIENTS,        "refused",      UNAUTH,   true)  \
	ROW(SESSION_ENDED,    "session_ended",          false,  INFO,    NONE,           NULL,           OK,       true)  \
	ROW(SESSIONS_ENDED,   "sessions_ended",         false,  INFO,    NONE,           NULL,           OK,       true)  \
	ROW(REVOKED,          NULL,                     false,  INFO,    REVOKED,        NULL,           OK,       false) \
	ROW(REVOKED_BEHIND,   "revocations_behind",     true,   ERROR,   BEHIND,         "database",     OK,       true)  \
	ROW(REVOKED_FULL,     "revocations_behind",     true,   ERROR,   BEHIND,         "full",         OK,       true)  \
	ROW(REVOKED_CURRENT,  "revocations_current",    false,  INFO,    NONE,           NULL,           OK,       true)  \
	ROW(SERVER_CHANGED,   "server_changed",         false,  WARNING, NONE,           NULL,           OK,       true)  \
	ROW(DB_CONNECTED,     "db_connected",           false,  INFO,    DB_CONNECTIONS, NULL,           OK,       false) \
	ROW(DB_FILES,         "db_files_changed",       false,  WARNING, NONE,           NULL,           OK,       false) \
	ROW(DB_FAILED,        "db_failed",              false,  ERROR,   DB_FAILURES,    NULL,           BUSY,     false) \
	ROW(NO_MEMORY,        "no_memory",              false,  ERROR,   NONE,           NULL,           BUSY,     false) \
	ROW(STATUS_FULL,      "no_memory",              false,  WARNING, NONE,           NULL,           OK,       false) \
	ROW(BLOCKLIST,        "blocklist",              false,  ERROR,   NONE,           NULL,           BUSY,     false) \
	ROW(BUG,              "bug",                    false,  ERROR,   NONE,           NULL,           INTERNAL, false)
/* clang-format on */

#define FAMILY_ID(id, metric, label, title, help) FAMILY_##id,
enum family { FAMILY_TABLE(FAMILY_ID) FAMILY_NONE, FAMILY_COUNT = FAMILY_NONE };

#define EVENT_ID(id, line, reason, level, family, outcome, err, audited) \
	EVENT_##id,
enum event { EVENT_TABLE(EVENT_ID) EVENT_COUNT };

struct family_row {
	const char *metric;
	const char *label; /* NULL: one counter, without a label */
	const char *title; /* on the status page */
	const char *help;
};

struct event_row {
	const char *line;    /* name in the log; NULL: no line */
	const char *outcome; /* label in the family; NULL: that has none */
	enum log_level level;
	enum family family; /* that counts it, or FAMILY_NONE */
	enum err err;       /* that ends in it */
	bool reason;        /* the line ends in reason=OUTCOME */
	bool audited;
};

extern const struct family_row family_table[FAMILY_COUNT];
extern const struct event_row event_table[EVENT_COUNT];

/*
 * This has happened: count it and log it, as its row says. fmt: the fields of
 * its line, "key=value …", as for printf(3); NULL: none. Not read for an event
 * without a line.
 */
void event(enum event e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/*
 * A library could not do its part: EVENT_NO_MEMORY if memory lacked (then the
 * request is answered with 503), and otherwise EVENT_BUG.
 */
void event_library_failed(const char *what);

/* Count an event whose line would be that of one just before. */
void event_count(enum event e);

/*
 * The event that an error ends in, by the rows of a family: the first with this
 * error, or else the one of ERR_INTERNAL, which the family has.
 */
enum event event_of(enum family family, enum err e);

/* The section of shared memory in which the log's state is. */
extern const struct shm_section event_log_section;

/* Count from now on in these counters; before, a process has its own. */
void event_count_in(_Atomic uint64_t counters[EVENT_COUNT]);

/*
 * Write the table to standard output, a line each, "-" for what there is not:
 * name in the log, level, counter as in /metrics, whether it is audited;
 * separated by tabs.
 */
void event_print(void);

#endif
