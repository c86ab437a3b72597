/*
 * Prototypes of the rules. Each calls lint_wrong() for what it finds; the table
 * in lint.c says what that is.
 */
#ifndef LATCHKEY_NGINX_RULES_H
#define LATCHKEY_NGINX_RULES_H

#include "nginx/lint.h"

/* A rule each, in the order of the table. */
void lint_guard_request_uri(struct lint *l);
void lint_guard_satisfy(struct lint *l);
void lint_guard_off(struct lint *l);
void lint_guard_open(struct lint *l);
void lint_guard_regex(struct lint *l);
void lint_guard_return(struct lint *l);
void lint_guard_rewrite(struct lint *l);
void lint_jump_files(struct lint *l);
void lint_jump_error(struct lint *l);
void lint_guard_scope(struct lint *l);
void lint_guard_login(struct lint *l);
void lint_guard_nobody(struct lint *l);
void lint_header_identity(struct lint *l);
void lint_header_dropped(struct lint *l);
void lint_header_client(struct lint *l);
void lint_header_upgrade(struct lint *l);
void lint_header_underscores(struct lint *l);
void lint_header_invalid(struct lint *l);
void lint_header_add(struct lint *l);
void lint_check_missing(struct lint *l);
void lint_check_open(struct lint *l);
void lint_check_opens(struct lint *l);
void lint_check_request(struct lint *l);
void lint_check_body(struct lint *l);
void lint_check_renewal(struct lint *l);
void lint_check_lane(struct lint *l);
void lint_check_cache(struct lint *l);
void lint_server_plain(struct lint *l);
void lint_server_name(struct lint *l);
void lint_server_realip(struct lint *l);
void lint_server_socket(struct lint *l);
void lint_server_alias(struct lint *l);
void lint_server_slashes(struct lint *l);
void lint_advisory(struct lint *l);

#endif
