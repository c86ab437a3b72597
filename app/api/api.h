/*
 * Prototypes of the handlers that route.c's table names. Each picks fields out
 * of the body, calls one service and shapes the reply; on another result than
 * ERR_OK the reply is reply_error()'s.
 */
#ifndef LATCHKEY_API_API_H
#define LATCHKEY_API_API_H

#include "http/req.h"

struct user;

/* Append a user's members of JSON, as the original has them, in its order. */
void api_add_user(struct buf *b, const struct user *u);

enum err api_root(struct req *r) MUST_CHECK;
enum err api_users_add(struct req *r) MUST_CHECK;
enum err api_users_me(struct req *r) MUST_CHECK;
enum err api_users_change(struct req *r) MUST_CHECK;
enum err api_users_change_password(struct req *r) MUST_CHECK;
enum err api_users_delete(struct req *r) MUST_CHECK;
enum err api_sessions_list(struct req *r) MUST_CHECK;
enum err api_sessions_delete(struct req *r) MUST_CHECK;
enum err api_sessions_delete_others(struct req *r) MUST_CHECK;
enum err api_session_create(struct req *r) MUST_CHECK;
enum err api_session_read(struct req *r) MUST_CHECK;
enum err api_session_delete(struct req *r) MUST_CHECK;
enum err api_oauth2_token(struct req *r) MUST_CHECK;
enum err api_oauth2_password(struct req *r) MUST_CHECK;
enum err api_oauth2_introspect(struct req *r) MUST_CHECK;
enum err api_oauth2_revoke(struct req *r) MUST_CHECK;
enum err api_check(struct req *r) MUST_CHECK;
enum err api_keys(struct req *r) MUST_CHECK;
enum err api_metadata(struct req *r) MUST_CHECK;
enum err api_metadata_below(struct req *r) MUST_CHECK;
enum err api_token_create(struct req *r) MUST_CHECK;
enum err api_docs_openapi(struct req *r) MUST_CHECK;
enum err api_docs_swagger(struct req *r) MUST_CHECK;
enum err api_docs_redoc(struct req *r) MUST_CHECK;
enum err api_docs_oauth2_redirect(struct req *r) MUST_CHECK;
enum err api_health_alive(struct req *r) MUST_CHECK;
enum err api_health_ready(struct req *r) MUST_CHECK;
enum err api_metrics(struct req *r) MUST_CHECK;
enum err api_login_show(struct req *r) MUST_CHECK;
enum err api_login_submit(struct req *r) MUST_CHECK;
enum err api_login_style(struct req *r) MUST_CHECK;
enum err api_login_script(struct req *r) MUST_CHECK;
enum err api_login_logo(struct req *r) MUST_CHECK;
enum err api_login_clear(struct req *r) MUST_CHECK;
enum err api_logout_show(struct req *r) MUST_CHECK;
enum err api_logout_submit(struct req *r) MUST_CHECK;
enum err api_signup_show(struct req *r) MUST_CHECK;
enum err api_signup_submit(struct req *r) MUST_CHECK;
enum err api_reset_show(struct req *r) MUST_CHECK;
enum err api_reset_submit(struct req *r) MUST_CHECK;
enum err api_account_show(struct req *r) MUST_CHECK;
enum err api_account_back(struct req *r) MUST_CHECK;
enum err api_account_name(struct req *r) MUST_CHECK;
enum err api_account_password(struct req *r) MUST_CHECK;
enum err api_account_sessions(struct req *r) MUST_CHECK;
enum err api_account_delete(struct req *r) MUST_CHECK;

#endif
