/*
 * nginx/lint.c and its rules: what each finds, and what it lets be.
 */
#include "base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "nginx/rules.h"
#include "tap.h"

/* In a server beside each case, all on line 1. */
#define CHECK                                                               \
	"location = /c { internal; client_max_body_size 0; "                \
	"fastcgi_pass_request_headers off; fastcgi_pass_request_body off; " \
	"fastcgi_pass latchkey_check; } "
#define SET                                                                    \
	"proxy_set_header X-Auth-User $u; proxy_set_header X-Auth-User-Plain " \
	"$p; proxy_set_header X-Auth-User-Id $i; proxy_set_header "            \
	"X-Auth-Expires $e; proxy_set_header X-Auth-Scope $s; "                \
	"proxy_set_header X-Auth-Session $n; proxy_set_header Authorization "  \
	"''; proxy_set_header Cookie ''; "
#define NOBODY                                                                 \
	"proxy_set_header X-Auth-User ''; proxy_set_header X-Auth-User-Plain " \
	"''; proxy_set_header X-Auth-User-Id ''; proxy_set_header "            \
	"X-Auth-Expires ''; proxy_set_header X-Auth-Scope ''; "                \
	"proxy_set_header X-Auth-Session ''; "
#define GUARD "auth_request /c; " SET
#define CGI                                                                  \
	"auth_request /c; fastcgi_param HTTP_X_AUTH_USER $u; fastcgi_param " \
	"HTTP_X_AUTH_USER_PLAIN $p; fastcgi_param HTTP_X_AUTH_USER_ID $i; "  \
	"fastcgi_param HTTP_X_AUTH_EXPIRES $e; fastcgi_param "               \
	"HTTP_X_AUTH_SCOPE $s; fastcgi_param HTTP_X_AUTH_SESSION $n; "       \
	"fastcgi_param "                                                     \
	"HTTP_AUTHORIZATION ''; fastcgi_param HTTP_COOKIE ''; "
#define BARRIER "auth_request_set $latchkey_nobody $b; "
#define NEEDED(scope) "set $latchkey_scope_needed " scope "; "
#define UP(name, servers) "http { upstream " name " { server " servers "; } } "
#define SERVER "http { server { listen 127.0.0.1:80; server_name a; " CHECK
#define APP "location /a/ { " GUARD "proxy_pass http://x; } "
#define END "} }"
#define LANE "fastcgi_pass_request_headers off; fastcgi_pass latchkey_api; "

static struct arena arena;

/* Run all rules; NULL, or why the text cannot be parsed. */
static const char *
lint_text(const char *text, const char *version, struct lint *l)
{
	struct nginx_directive *root;
	struct nginx_problem problem;
	struct nginx_dump dump;

	*l = (struct lint){ 0 };
	arena_reset(&arena);
	nginx_dump_read(&arena, text, strlen(text), "conf", &dump);
	if (!nginx_parse(&arena, &dump, &root, &problem))
		return problem.text;
	lint_run(&arena, root, version, l);
	return NULL;
}

/* What is found: "LINE RULE, …"; a note has an n before. */
static const char *
found(const char *text, const char *version)
{
	const struct lint_finding *f;
	const char *problem;
	struct lint l;
	struct buf b;

	problem = lint_text(text, version, &l);
	if (problem != NULL)
		return problem;
	buf_init(&b, &arena);
	buf_adds(&b, "");
	for (f = l.findings; f != NULL; f = f->next)
		buf_addf(&b, "%s%s%u %s", b.len > 0 ? ", " : "",
		    f->level == LINT_NOTE ? "n" : "", f->line, f->rule);
	return b.s;
}

struct text_case {
	const char *text, *wanted;
};

static void
run(const struct text_case *cases, size_t n, const char *title)
{
	const char *got;
	struct buf b;
	size_t i;

	for (i = 0; i < n; i++) {
		got = found(cases[i].text, NULL);
		buf_init(&b, &arena);
		buf_adds(&b, "");
		buf_add_visible(&b, strrchr(cases[i].text, '\n') != NULL
		                        ? strchr(cases[i].text, '\n') + 1
		                        : cases[i].text);
		is(got, cases[i].wanted, tap_with(title, b.s));
	}
}

/* clang-format off */
static const struct text_case guards[] = {
	{ SERVER APP END, "" },
	/* request-uri */
	{ SERVER APP "\nif ($request_uri ~ x) { return 403; }" END, "2 request-uri" },
	{ SERVER APP "\nif ($request_uri = /x) { rewrite ^ /y; }" END, "2 request-uri" },
	{ SERVER APP "\nif ($request_uri) { return 403; }" END, "2 request-uri" },
	{ SERVER APP "\nif ($request_uri ~ x) { return 301 /y; }" END, "" },
	{ SERVER APP "\nif ($request_uri ~ x) { return https://y; }" END, "" },
	{ SERVER APP "\nif ($uri ~ x) { return 403; }" END, "" },
	{ SERVER APP "\nif ($request_uri_x ~ x) { return 403; }" END, "" },
	{ SERVER APP "\nif ($request_uri ~ x) { set $y 1; }" END, "" },
	{ SERVER APP "\nif ($request_uri ~ x) { set $y 1; }\nif ($y) { return 404; }" END, "2 request-uri" },
	{ "http { server {\nif ($request_uri ~ x) { return 403; } } }", "" },
	{ "map $request_uri $x { }\n" SERVER APP "if ($x) { return 403; }" END, "1 request-uri" },
	{ "map \"$host$request_uri\" $x { }\n" SERVER APP "if ($x = 1) { return 403; }" END, "1 request-uri" },
	{ "map $request_uri $x { }\n" SERVER APP "if ($y) { return 403; }" END, "" },
	{ "map $request_uri $x { }\n" SERVER APP "if ($x) { return 302 /y; }" END, "" },
	{ SERVER APP "\nif ($request_uri ~ x) { return 299; }" END, "2 request-uri" },
	{ SERVER APP "\nif ($request_uri ~ x) { return 300; }" END, "" },
	{ SERVER APP "\nif ($request_uri ~ x) { return 399; }" END, "" },
	{ SERVER APP "\nif ($request_uri ~ x) { return 400; }" END, "2 request-uri" },
	{ SERVER APP "location /b/ {\nif ($request_uri ~ x) { proxy_pass http://y; } }" END, "2 request-uri" },
	{ SERVER APP "\nif ($request_uri ~ x) { set $z 1; set $y 1; }\nif ($y) { return 404; }" END, "2 request-uri" },
	{ SERVER APP "\nif ($request_uri ~ x) { set $y 1; }\nif ($y) { return 301 /z; }" END, "" },
	{ SERVER APP "\nif (-f $request_uri) { return 404; }" END, "" },
	{ "map $request_uri $x { }\n" SERVER APP "} server { listen 127.0.0.1:81; if ($x) { return 403; }" END, "" },
	{ "map $uri $x { }\n" SERVER APP "if ($x) { return 403; }" END, "" },
	/* satisfy-any */
	{ SERVER "location /a/ { " GUARD "\nsatisfy any; allow 10.0.0.0/8; proxy_pass http://x; }" END, "2 satisfy-any" },
	{ SERVER "\nsatisfy any;\n" APP END, "2 satisfy-any" },
	{ SERVER "satisfy any; location /a/ { satisfy all; " GUARD "proxy_pass http://x; }" END, "" },
	{ SERVER APP "location /b/ { satisfy any; allow 10.0.0.0/8; deny all; }" END, "" },
	/* auth-off */
	{ SERVER APP "location /a/b {\nauth_request off; proxy_pass http://x; }" END, "2 auth-off" },
	{ SERVER APP "location /a/b {\nauth_request off; proxy_pass http://x/y; }" END, "2 auth-off" },
	{ SERVER APP "location /a/b {\nauth_request off; proxy_pass http://x$y; }" END, "2 auth-off" },
	{ SERVER APP "location /a/b {\nauth_request off; proxy_pass http://y; }" END, "" },
	{ SERVER APP "location /a/b {\nauth_request off; " SET "proxy_pass http://x; }" END, "" },
	{ SERVER APP "location /a/b {\nauth_request off; internal; proxy_pass http://x; }" END, "" },
	{ SERVER APP "location @b {\nproxy_pass http://x; }" END, "" },
	{ SERVER "location /f/ { auth_request /c; location /f/g/ {\nauth_request off; } }" END, "2 auth-off" },
	{ SERVER "location /f/ { auth_request /c; location /f/g/ {\nauth_request off; root /y; } }" END, "" },
	{ SERVER "location /f/ { auth_request /c; location /f/g/ {\nauth_request off; return 404; } }" END, "" },
	{ SERVER "location /f/ { auth_request /c; location /f/g/ {\nauth_request off; alias /y/; } }" END, "" },
	{ SERVER "location /f/ { auth_request /c; location /f/g/ {\nauth_request off; proxy_pass http://y; } }" END, "" },
	{ SERVER "location /f/ { auth_request /c; location /f/g/ {\nauth_request off; internal; } }" END, "" },
	{ SERVER "location /f/ { location /f/g/ {\nauth_request off; } }" END, "" },
	{ SERVER "location /f/ { auth_request /c; location /f/g/ {\nauth_request /c; } }" END, "" },
	{ SERVER APP "location /d/ { auth_request /k; proxy_pass http://z; } location = /k { proxy_pass_request_body off; proxy_set_header Content-Length '';\nproxy_pass http://x; }" END, "" },
	{ SERVER "location /a/ { auth_request /k; " SET "proxy_pass http://x; } location = /k { proxy_pass_request_body off; proxy_set_header Content-Length ''; proxy_pass http://y; } location /b/ {\nproxy_pass http://x; }" END, "" },
	/* open-path */
	{ SERVER APP "location /b/ {\nproxy_pass http://x; }" END, "2 open-path" },
	{ SERVER APP "location /b/ { set $t http://x;\nproxy_pass $t; }" END, "2 open-path" },
	{ SERVER APP "} server { listen 127.0.0.1:81; location /b/ {\nproxy_pass http://x; }" END, "2 open-path" },
	{ SERVER APP "location /b/ {\nproxy_pass http://x; # check-nginx: allow open-path\n}" END, "" },
	{ SERVER APP "location /b/ {\nproxy_pass http://x; # check-nginx: allow open-path2\n}" END, "2 open-path" },
	{ SERVER APP "location /b/ {\nproxy_pass http://x; # check-nginx: allow auth-off\n}" END, "2 open-path" },
	{ SERVER APP "location /b/ {\nproxy_pass http://x:81; }" END, "" },
	{ SERVER "location /a/ { " GUARD "proxy_pass http://127.0.0.1:9; } location /b/ {\nproxy_pass http://localhost:9; }" END, "2 open-path" },
	{ SERVER "location /a/ { " GUARD "proxy_pass http://unix:/s:/x; } location /b/ {\nproxy_pass http://unix:/s; }" END, "2 open-path" },
	{ UP("u", "127.0.0.1:9") SERVER "location /a/ { " GUARD "proxy_pass http://127.0.0.1:9; } location /b/ {\nproxy_pass http://u; }" END, "2 open-path" },
	{ UP("u", "unix:/r; server localhost:9") SERVER "location /a/ { " GUARD "proxy_pass http://u; } location /b/ {\nproxy_pass http://127.0.0.1:9; }" END, "2 open-path" },
	{ UP("u", "unix:/s weight=2") UP("v", "unix:/r; server unix:/s") SERVER "location /a/ { " GUARD "proxy_pass http://u; } location /b/ {\nproxy_pass http://v; }" END, "2 open-path" },
	{ UP("u", "unix:/s") UP("v", "unix:/r") SERVER "location /a/ { " GUARD "proxy_pass http://u; } location /b/ {\nproxy_pass http://v; }" END, "" },
	{ UP("u", "127.0.0.1:9") SERVER "location /a/ { " GUARD "proxy_pass http://u; } location /b/ {\nproxy_pass http://127.0.0.1:90; }" END, "" },
	{ SERVER "location /a/ { " GUARD "proxy_pass http://127.0.0.1; } location /b/ {\nproxy_pass http://LOCALHOST:80; }" END, "2 open-path" },
	{ SERVER "location /a/ { " CGI "fastcgi_pass unix:/s; } location /b/ {\nfastcgi_pass unix:/s; }" END, "2 open-path" },
	{ SERVER "location /a/ { " CGI "fastcgi_param SCRIPT_FILENAME /x.php; fastcgi_pass unix:/s; } location /b/ {\nfastcgi_param SCRIPT_FILENAME /y.php; fastcgi_pass unix:/s; }" END, "" },
	{ SERVER "location /a/ { " CGI "fastcgi_param SCRIPT_FILENAME /x.php; fastcgi_pass unix:/s; } location /b/ { fastcgi_param SCRIPT_FILENAME /x.php;\nfastcgi_pass unix:/s; }" END, "2 open-path" },
	{ SERVER "location /a/ { " CGI "fastcgi_param SCRIPT_FILENAME $x; fastcgi_pass unix:/s; } location /b/ { fastcgi_param SCRIPT_FILENAME $x;\nfastcgi_pass unix:/s; }" END, "" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation /f/g/ { expires 1h; }" END, "2 open-path" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation = /f/g { }" END, "2 open-path" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation /f/g/ { root /y; }" END, "" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation /g/ { }" END, "" },
	{ SERVER "location / { auth_request /c; }\nlocation /g/ { }" END, "" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation /f/g/ { auth_request /c; }" END, "" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation /f/g/ { auth_request off; }" END, "" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation /f/g/ { internal; }" END, "" },
	{ SERVER "root /y; location /f/ { root /y; auth_request /c; }\nlocation /f/g/ { }" END, "2 open-path" },
	{ SERVER "root /y; location /f/ { root /z; auth_request /c; }\nlocation /f/g/ { }" END, "" },
	{ SERVER "location /f/ { root /z; auth_request /c; }\nlocation /f/g/ { }" END, "" },
	{ SERVER "root /y; location /f/ { auth_request /c; }\nlocation /f/g/ { }" END, "2 open-path" },
	{ SERVER "location /f/ { alias /y/; auth_request /c; }\nlocation /f/g/ { }" END, "" },
	{ SERVER "location /f/ { " GUARD "proxy_pass http://x; }\nlocation /f/g/ { }" END, "" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation /f/g/ { alias /y/; }" END, "" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation /f/g/ { return 404; }" END, "" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation /f/g/ { proxy_pass http://y; }" END, "" },
	{ SERVER "location ^~ /f/ { auth_request /c; }\nlocation /f/g/ { }" END, "2 open-path" },
	{ SERVER "location = /f { auth_request /c; }\nlocation /f/g { }" END, "" },
	{ SERVER "location /f { auth_request /c; }\nlocation /fg { }" END, "2 open-path" },
	/* its index is asked for by an internal redirect, which is guarded */
	{ SERVER "location /f/ { auth_request /c; }\nlocation = /f/ { }" END, "" },
	/* regex-first */
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ \\.jpg$ { expires 1h; }" END, "2 regex-first" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~* \\.jpg$ { }" END, "2 regex-first" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ ^/f/x { }" END, "2 regex-first" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ ^/g/ { }" END, "" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ ^/g?f/ { }" END, "2 regex-first" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ ^/(g|f)/ { }" END, "2 regex-first" },
	{ SERVER "location ^~ /f/ { auth_request /c; }\nlocation ~ x { }" END, "" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ x { auth_request /c; }" END, "" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ x { root /y; }" END, "" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ x { return 404; }" END, "" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ x { proxy_pass http://y; }" END, "" },
	{ SERVER APP "\nlocation ~ x { }" END, "" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ ^/ { }" END, "2 regex-first" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ ^/F/ { }" END, "" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ ^g { }" END, "" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~* ^/F/ { }" END, "2 regex-first" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~*^/F/ { }" END, "2 regex-first" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~* ^/G/ { }" END, "" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ ^/g { }" END, "" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ ^/g*f { }" END, "2 regex-first" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ \"^/g{0,1}f\" { }" END, "2 regex-first" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ ^/g+f { }" END, "" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ ^/[g] { }" END, "2 regex-first" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ ^/. { }" END, "2 regex-first" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ ^/\\w { }" END, "2 regex-first" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ ^/fx { }" END, "" },
	/* each branch of an expression may begin differently: of ^/g|^/f the
	   second was overlooked, and what ~* takes in another case */
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ ^/g|^/f { }" END, "2 regex-first" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ ^/g/(a|b) { }" END, "" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ ^/g/((a|b)|c) { }" END, "" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ ^/g/(a)|^/f { }" END, "2 regex-first" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ ^/g/[|] { }" END, "" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ ^/g/[^|] { }" END, "" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ ^/g/[]|] { }" END, "" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ ^/g/[^]|] { }" END, "" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ ^/g/[\\]|] { }" END, "" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ ^/g/[^(]|^/f { }" END, "2 regex-first" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ ^/g/[(]|^/f { }" END, "2 regex-first" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ ^/g/[[:alpha:](]|^/f { }" END, "2 regex-first" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ ^/g/[[:alpha:]|] { }" END, "" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ ^/g/[[:]|^/f { }" END, "2 regex-first" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ ^/g/[(]a { }" END, "" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ ^/g/\\| { }" END, "" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ ^/g/\\(|^/f { }" END, "2 regex-first" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ ^/g/.*\\.(css|js)$ { }" END, "" },
	/* what answers from files */
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ x { alias /y; }" END, "" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ x { internal; }" END, "" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ x { fastcgi_pass y; }" END, "2 regex-first" },
	{ SERVER "location /f/ { " CGI "fastcgi_pass x; }\nlocation ~ x { }" END, "2 regex-first" },
	{ SERVER "location /f/ { auth_request /c; return 404; }\nlocation ~ x { }" END, "" },
	{ SERVER "location = /f { auth_request /c; }\nlocation ~ x { }" END, "" },
	{ SERVER "root /y; location /f/ { auth_request /c; }\nlocation ~ x { root /y; }" END, "2 regex-first" },
	/* return, rewrite, login-guarded */
	{ SERVER "location /f/ { auth_request /c;\nreturn 200 x; }" END, "2 return" },
	{ SERVER "location /f/ { auth_request /c; if ($x) {\nreturn 200; } }" END, "2 return" },
	{ SERVER "location /f/ { auth_request /c;\nreturn 204; }" END, "" },
	{ SERVER "location /f/ { auth_request /c;\nreturn 302 /x; }" END, "" },
	{ SERVER "location /f/ { auth_request /c;\nreturn /x; }" END, "" },
	{ SERVER "location /f/ {\nreturn 200 x; }" END, "" },
	{ SERVER "location /f/ { auth_request /c;\nreturn 201; }" END, "2 return" },
	{ SERVER "location /f/ { auth_request /c;\nreturn 299; }" END, "2 return" },
	{ SERVER "location /f/ { auth_request /c;\nreturn 300; }" END, "" },
	{ SERVER "location /f/ { auth_request /c;\nreturn 199; }" END, "" },
	{ SERVER APP "location /b/ { auth_request /c;\nrewrite ^ /i/x; } location /i/ { auth_request off; }" END, "2 rewrite" },
	{ SERVER APP "location /b/ { auth_request /c;\nrewrite ^ /i/x; } location /i/ { auth_request /c; }" END, "" },
	{ SERVER APP "location /b/ { auth_request /c;\nrewrite ^ /i/?/a/; } location /i/ { }" END, "2 rewrite" },
	{ SERVER APP "location /b/ {\nrewrite ^ /i/x; } location /i/ { }" END, "" },
	{ SERVER "auth_request /c;\nrewrite ^ /i/x; location /i/ { auth_request off; root /y; }" END, "" },
	{ SERVER APP "location /b/ { auth_request /c;\nrewrite ^ /i/$1 last; } location /i/ { internal; }" END, "2 rewrite" },
	{ SERVER APP "location /b/ { auth_request /c;\nrewrite ^ /i/x; } location /i/ { }" END, "2 rewrite" },
	{ SERVER APP "location /b/ { auth_request /c;\nrewrite ^ /i/x break; } location /i/ { }" END, "" },
	{ SERVER APP "location /b/ { auth_request /c;\nrewrite ^ /i/x redirect; } location /i/ { }" END, "" },
	{ SERVER APP "location /b/ { auth_request /c;\nrewrite ^ /a/x last; } location /i/ { }" END, "" },
	{ SERVER APP "location /b/ { auth_request /c;\nrewrite ^ https://i/x; } location /i/ { }" END, "" },
	/* nobody */
	{ SERVER "location /a/ { " GUARD BARRIER "\nproxy_pass http://x; }" END, "2 nobody" },
	{ SERVER "location /a/ { " GUARD BARRIER "\nproxy_pass http://127.0.0.1:9$latchkey_nobody; }" END, "" },
	{ SERVER "location /a/ { " GUARD BARRIER "\nproxy_pass https://[::1]:9$latchkey_nobody; }" END, "" },
	{ SERVER "location /a/ { " GUARD BARRIER "\nproxy_pass http://unix:/s$latchkey_nobody; }" END, "" },
	{ SERVER "location /a/ { " GUARD BARRIER "\nproxy_pass http://unix:/s:/x$latchkey_nobody; }" END, "2 nobody" },
	{ SERVER "location /a/ { " GUARD BARRIER "\nproxy_pass http://127.0.0.1:9$latchkey_nobody/; }" END, "2 nobody" },
	{ SERVER "location /a/ { " GUARD BARRIER "\nproxy_pass http://127.0.0.1:9/$latchkey_nobody; }" END, "2 nobody" },
	{ SERVER "location /a/ { " GUARD BARRIER "\nproxy_pass http://$b$latchkey_nobody; }" END, "" },
	{ SERVER "location /a/ { " GUARD BARRIER "\nproxy_pass http://localhost:9$latchkey_nobody; }" END, "2 nobody" },
	{ SERVER "location /a/ { " GUARD BARRIER "\nproxy_pass http://app.example$latchkey_nobody; resolver 127.0.0.53; }" END, "" },
	{ UP("u", "127.0.0.1:9") SERVER "location /a/ { " GUARD BARRIER "\nproxy_pass http://u$latchkey_nobody; }" END, "" },
	{ SERVER "location /a/ { " CGI BARRIER "\nfastcgi_pass unix:/s$latchkey_nobody; }" END, "" },
	{ SERVER "location /a/ { " CGI BARRIER "\nfastcgi_pass unix:/s; }" END, "2 nobody" },
	{ SERVER "location /a/ { " GUARD BARRIER "location /a/b/ { " SET "proxy_pass http://x; } }" END, "" },
	{ SERVER "location /a/ { " GUARD BARRIER "\nproxy_pass http://x$latchkey_nobody; }" END, "2 nobody" },
	{ SERVER "location /a/ { " GUARD BARRIER "\nproxy_pass http://1a$latchkey_nobody; }" END, "2 nobody" },
	{ SERVER "location /a/ { " GUARD BARRIER "\nproxy_pass http://1.2.3.4$latchkey_nobody; }" END, "" },
	{ SERVER "location /a/ { " GUARD BARRIER "\nproxy_pass http://x:80$latchkey_nobody; }" END, "2 nobody" },
	{ SERVER "location /a/ { " GUARD "auth_request_set $x $y; proxy_pass http://x; }" END, "" },
	{ SERVER "location /a/ { auth_request /c; " BARRIER "\nproxy_pass http://x; }" END, "2 identity" },
	/* try-files, error-page */
	{ SERVER "location /a/ { " GUARD "try_files $uri @b; } location @b {\nproxy_pass http://x; }" END, "2 identity" },
	{ SERVER "location /a/ { " GUARD "try_files $uri @b; } location @b { " SET "proxy_pass http://x; }" END, "" },
	{ SERVER "location /a/ { " GUARD "try_files $uri @b; } location @b { " GUARD "proxy_pass http://x; }" END, "" },
	{ SERVER "location /b/ { try_files $uri @b; } location @b { auth_request /c;\nproxy_pass http://x; }" END, "2 identity" },
	{ SERVER "location /b/ { try_files $uri @b; } location @b {\nproxy_pass http://x; }" END, "" },
	{ SERVER "location /a/ { " GUARD "try_files $uri @bb; } location @b {\nproxy_pass http://x; }" END, "" },
	{ SERVER "location /a/ { " GUARD "try_files $uri @b; } location @b { try_files $uri @d; } location @d {\nproxy_pass http://x; }" END, "2 identity" },
	{ SERVER "location @d {\nproxy_pass http://x; } location @b { error_page 404 = @d; } location /a/ { " GUARD "try_files $uri @b; }" END, "2 identity" },
	{ SERVER "location /a/ { " GUARD "try_files $uri /b/; } location /b/ { internal;\nproxy_pass http://x; }" END, "2 identity" },
	{ SERVER "location /a/ { " GUARD "mirror /b; proxy_pass http://x; } location = /b { internal;\nproxy_pass http://y; }" END, "2 identity" },
	{ SERVER "location /a/ { " GUARD "error_page 404 = @b; } location @b {\nproxy_pass http://x; }" END, "2 identity" },
	{ SERVER "location /a/ { " GUARD "error_page 405 =200 @b; } location @b {\nproxy_pass http://x; }" END, "2 identity" },
	{ SERVER "error_page 404 = @b; location /a/ { " GUARD "} location @b {\nproxy_pass http://x; }" END, "2 identity" },
	{ SERVER "error_page 404 = @b; location /a/ { " GUARD "error_page 502 /x; } location @b {\nproxy_pass http://x; }" END, "" },
	{ SERVER "location /a/ { " GUARD "error_page 404 /x; error_page 404 = @b; } location @b {\nproxy_pass http://x; }" END, "" },
	{ SERVER "location /a/ { " GUARD "error_page 404 = https://x/; proxy_pass http://x; }" END, "" },
	{ SERVER "location /a/ { " GUARD "try_files $uri =404; }" END, "" },
	{ SERVER "location /a/ { " GUARD "\ntry_files $uri /b; } location = /b { fastcgi_pass x; }" END, "2 try-files" },
	{ SERVER "location /a/ { " GUARD "\ntry_files $uri /b; } location = /b { " CGI "fastcgi_pass x; }" END, "" },
	{ SERVER "location /a/ { " GUARD "\ntry_files $uri /b; } location = /b { }" END, "" },
	{ SERVER "location /a/ { " GUARD "\ntry_files $uri /t; } location /t { " LANE "}" END, "" },
	{ SERVER "location /a/ { " GUARD "\ntry_files $uri /b; } location = /b { " SET "proxy_pass http://x; }" END, "" },
	{ SERVER "location /b/ { \ntry_files $uri /b; } location = /b { fastcgi_pass x; }" END, "" },
	{ SERVER APP "location /d/ { " GUARD "\nerror_page 401 = @b; } location @b { proxy_pass http://x; }" END, "2 error-page" },
	{ SERVER APP "location /d/ { " GUARD "\nerror_page 404 403 = @b; } location @b { " SET "proxy_pass http://x; }" END, "2 error-page" },
	{ SERVER APP "location /d/ { " GUARD "\nerror_page 413 = @b; } location @b { " SET "proxy_pass http://x; }" END, "2 error-page" },
	{ SERVER APP "location /d/ { " GUARD "\nerror_page 429 = @b; } location @b { " SET "proxy_pass http://x; }" END, "2 error-page" },
	{ SERVER APP "location /d/ { " GUARD "\nerror_page 500 = @b; } location @b { " SET "proxy_pass http://x; }" END, "2 error-page" },
	{ SERVER APP "location /d/ { " GUARD "\nerror_page 502 503 = @b; } location @b { " SET "proxy_pass http://x; }" END, "2 error-page" },
	{ SERVER APP "location /d/ { " GUARD "\nerror_page 404 502 504 = @b; } location @b { " SET "proxy_pass http://x; }" END, "" },
	{ SERVER APP "location /d/ { " GUARD "\nerror_page 401 = @b; } location @b { proxy_pass http://y; }" END, "" },
	{ SERVER APP "location /d/ { " GUARD "\nerror_page 401 = @b; } location @b { return 302 /x; }" END, "" },
	{ SERVER APP "location /d/ { " GUARD "\nerror_page 401 = @b; } location @b { " LANE "}" END, "" },
	{ SERVER APP "location /d/ { " GUARD "\nerror_page 401 = @b; } location @b { " GUARD "proxy_pass http://x; }" END, "" },
	{ SERVER APP "location /d/ { " GUARD "\nerror_page 401 = @b; } location @b { " NOBODY "proxy_pass http://x; }" END, "" },
	{ SERVER APP "location /d/ { " GUARD "error_page 401 /x; error_page 401 = @b; } location @b { proxy_pass http://x; }" END, "" },
	/* scope-lost */
	{ SERVER "location /a/ { " GUARD NEEDED("s") "proxy_pass http://x;\nlocation /a/b/ { proxy_pass http://x; } }" END, "2 scope-lost" },
	{ SERVER "location /a/ { " GUARD NEEDED("s") "proxy_pass http://x;\nlocation /a/b/ { " GUARD "proxy_pass http://x; } }" END, "2 scope-lost" },
	{ SERVER "location /a/ { " GUARD NEEDED("s") "proxy_pass http://x;\nlocation /a/b/ { " NEEDED("t") "proxy_pass http://x; } }" END, "" },
	{ SERVER "location /a/ { " GUARD NEEDED("s") "proxy_pass http://x;\nlocation /a/b/ { " NEEDED("''") "proxy_pass http://x; } }" END, "" },
	{ SERVER "location /a/ { " GUARD NEEDED("s") "proxy_pass http://x;\nlocation /a/b/ { set $x y; } }" END, "2 scope-lost" },
	{ SERVER "location /a/ { " GUARD NEEDED("s") "proxy_pass http://x; location /a/b/ { " NEEDED("t") "\nlocation /a/b/c/ { } } }" END, "2 scope-lost" },
	{ SERVER "location /a/ { " GUARD NEEDED("s") "location /a/b/ { auth_request off; root /y;\nlocation /a/b/c/ { auth_request /c; } } }" END, "2 scope-lost" },
	{ SERVER "location /a/ { " GUARD NEEDED("s") "proxy_pass http://x; location /a/b/ { auth_request off; return 404; } }" END, "" },
	{ SERVER NEEDED("s") "location /a/ { " GUARD "proxy_pass http://x; location /a/b/ { proxy_pass http://x; } }" END, "" },
	{ SERVER "location /a/ { " GUARD "proxy_pass http://x; location /a/b/ { " NEEDED("s") "proxy_pass http://x; } }" END, "" },
	{ SERVER "\nauth_request /c; location /t { " LANE "}" END, "2 login-guarded" },
	{ SERVER "\nauth_request /c; location /t { auth_request off; " LANE "}" END, "" },
};

static const struct text_case headers[] = {
	{ SERVER "location /a/ { auth_request /c;\nproxy_pass http://x; }" END, "2 identity" },
	{ SERVER "location /a/ { auth_request /c; proxy_pass_request_headers off;\nproxy_pass http://x; }" END, "" },
	{ SERVER "location /a/ { " GUARD "\nfastcgi_pass x; }" END, "2 identity" },
	{ SERVER "location /a/ { " GUARD "\nuwsgi_pass x; }" END, "2 identity" },
	{ SERVER "location /a/ { " GUARD "\nscgi_pass x; }" END, "2 identity" },
	{ SERVER "location /a/ { " GUARD "\ngrpc_pass x; }" END, "2 identity" },
	{ SERVER "location /a/ { " CGI "\nfastcgi_pass x; }" END, "" },
	{ SERVER "location /a/ { auth_request /c; proxy_set_header x-auth-user $u;\nproxy_pass http://x; }" END, "2 identity" },
	{ SERVER "location /a/ { " GUARD "proxy_set_header X-Auth-Group $g; proxy_pass http://x; } location /b/ { " GUARD "\nproxy_pass http://y; }" END, "2 identity" },
	{ SERVER SET "location /a/ { auth_request /c; proxy_pass http://x; }" END, "" },
	{ SERVER SET "location /a/ { auth_request /c;\nproxy_set_header Host y; proxy_pass http://x; }" END, "2 header-dropped" },
	{ SERVER "location /a/ { " GUARD "proxy_pass http://x; location /a/b {\nproxy_set_header Host y; proxy_pass http://x; } }" END, "2 header-dropped" },
	{ SERVER "location /a/ { " GUARD "proxy_pass http://x; if ($y) {\nproxy_pass http://x; } }" END, "" },
	{ SERVER "location /a/ { " GUARD "\nproxy_set_header X-User $http_x_user; proxy_pass http://x; }" END, "2 identity-from-client" },
	{ SERVER "location /a/ { " GUARD "\nproxy_set_header X-User $arg_u; proxy_pass http://x; }" END, "2 identity-from-client" },
	{ SERVER "location /a/ { " GUARD "\nproxy_set_header X-Email a${cookie_u}; proxy_pass http://x; }" END, "2 identity-from-client" },
	{ SERVER "location /a/ { " GUARD "\nproxy_set_header X-User $remote_user; proxy_pass http://x; }" END, "2 identity-from-client" },
	{ SERVER "location /a/ { " GUARD "\nauth_basic x; proxy_set_header X-User $remote_user; proxy_pass http://x; }" END, "" },
	{ SERVER "location /a/ { " GUARD "\nproxy_set_header X-User $u; proxy_set_header User-Agent $http_user_agent; proxy_set_header Host $http_host; proxy_pass http://x; }" END, "" },
	{ SERVER "location /a/ { " CGI "\nfastcgi_param REMOTE_USER $remote_user; fastcgi_pass x; }" END, "2 identity-from-client" },
	{ SERVER "location /a/ { " CGI "\nfastcgi_param REMOTE_USER $remote_user; fastcgi_param REMOTE_USER $u; fastcgi_pass unix:/run/php/x; }" END, "" },
	{ SERVER "location /a/ { " CGI "\nfastcgi_param REMOTE_USER $u; fastcgi_param REMOTE_USER $remote_user; fastcgi_pass unix:/run/php/x; }" END, "2 identity-from-client" },
	{ SERVER "location /a/ { " CGI "\nfastcgi_param REMOTE_USER $remote_user; fastcgi_param REMOTE_USER $u; fastcgi_pass x; }" END, "2 identity-from-client" },
	{ SERVER "location /b/ {\nproxy_set_header X-User $http_x_user; proxy_pass http://y; }" END, "" },
	{ SERVER "location /a/ { " GUARD "\nproxy_set_header Upgrade $http_upgrade; proxy_pass http://x; }" END, "2 upgrade" },
	{ SERVER "location /a/ { " GUARD "\nproxy_set_header upgrade ${http_upgrade}; proxy_pass http://x; }" END, "2 upgrade" },
	{ SERVER "location /a/ { " GUARD "\nproxy_set_header Upgrade $http_upgrade; proxy_set_header HTTP2-Settings $http_http2_settings; proxy_pass http://x; }" END, "2 upgrade" },
	{ SERVER "location /a/ { " GUARD "\nproxy_set_header Upgrade $http_upgrade; proxy_set_header HTTP2-Settings ''; proxy_pass http://x; }" END, "2 upgrade" },
	{ SERVER "location /a/ { " GUARD "\nproxy_set_header Upgrade $latchkey_upgrade; proxy_pass http://x; }" END, "" },
	{ SERVER "location /a/ { " GUARD "\nproxy_set_header Upgrade websocket; proxy_pass http://x; }" END, "" },
	{ SERVER "location /a/ { " CGI "\nfastcgi_param HTTP_UPGRADE $http_upgrade; fastcgi_pass x; }" END, "" },
	{ SERVER APP "location /b/ {\n" NOBODY "proxy_set_header Upgrade $http_upgrade; proxy_pass http://y; }" END, "" },
	{ "underscores_in_headers on;\n" SERVER APP END, "1 underscores" },
	{ SERVER APP "\nunderscores_in_headers on;" END, "2 underscores" },
	{ SERVER APP "\nunderscores_in_headers off;" END, "" },
	{ SERVER APP "underscores_in_headers off; } server {\nlisten 127.0.0.1:80 default_server; underscores_in_headers on; server_name b;" END, "2 underscores" },
	{ SERVER APP "underscores_in_headers off; } server {\nlisten 127.0.0.1:80; underscores_in_headers on; server_name b;" END, "" },
	{ "http { server {\nlisten 127.0.0.1:80; underscores_in_headers on; server_name b; } server { listen 127.0.0.1:80; server_name a; " CHECK APP END, "2 underscores" },
	{ "http { server { listen 80; underscores_in_headers on; } }", "" },
	/* the server itself, which is not its address' default */
	{ "http { server { listen 127.0.0.1:80; } server { listen 127.0.0.1:80; server_name a; " CHECK APP "\nunderscores_in_headers on;" END, "2 underscores" },
	/* a default server by its second address, and one by its first alone */
	{ SERVER APP "underscores_in_headers off; } server {\nlisten 127.0.0.1:81; listen 127.0.0.1:80 default_server; underscores_in_headers on; server_name b;" END, "2 underscores" },
	{ SERVER APP "underscores_in_headers off; } server {\nlisten 127.0.0.1:81 default_server; listen 127.0.0.1:80; underscores_in_headers on; server_name b;" END, "" },
	{ SERVER APP "underscores_in_headers off; } server {\nlisten 127.0.0.1:80; listen 127.0.0.1:81 default_server; underscores_in_headers on; server_name b;" END, "" },
	{ SERVER APP "underscores_in_headers off; } server {\nlisten 127.0.0.1:82; listen 127.0.0.1:81; listen 127.0.0.1:80 default; underscores_in_headers on; server_name b;" END, "2 underscores" },
	{ SERVER APP "underscores_in_headers off; } server {\nlisten 127.0.0.1:81 default_server; underscores_in_headers on; server_name b;" END, "" },
	{ SERVER APP "\nignore_invalid_headers off;" END, "2 invalid-headers" },
	{ SERVER APP "\nignore_invalid_headers on;" END, "" },
	{ SERVER "add_header X-Frame-Options DENY; location /a/ { " GUARD "\nadd_header X-Y z; proxy_pass http://x; }" END, "2 add-header" },
	{ SERVER "add_header X-Frame-Options DENY; location /a/ { " GUARD "\nadd_header x-frame-options DENY; proxy_pass http://x; }" END, "" },
	{ SERVER "add_header X-Y DENY; location /a/ { " GUARD "\nadd_header X-Z z; proxy_pass http://x; }" END, "" },
	{ SERVER "add_header X-Frame-Options DENY; " APP "if ($x) {\nadd_header X-Z z; }" END, "2 add-header" },
	{ "http { server { add_header X-Frame-Options DENY; location / {\nadd_header X-Z z; } } }", "" },
};

static const struct text_case checks[] = {
	{ "http { server { listen unix:/s; location /a/ {\nauth_request /none; } } }", "2 no-check" },
	{ "http { server { listen unix:/s; location /a/ {\nauth_request off; } } }", "" },
	{ "http { server { listen unix:/s;\nlocation /c { client_max_body_size 0; fastcgi_pass_request_headers off; fastcgi_pass_request_body off; fastcgi_pass latchkey_check; }\n" APP END, "2 check-open" },
	{ "http { server { listen unix:/s; location /c { internal;\nreturn 200; } location /a/ { auth_request /c; } } }", "2 check-opens" },
	{ "http { server { listen unix:/s; location /c { internal; return 401; } location /a/ { auth_request /c?x=y; } } }", "" },
	{ "http { server { listen unix:/s; location /c { internal;\nerror_page 401 =200 /x; return 401; } location /a/ { auth_request /c; } } }", "2 check-opens" },
	{ "http { server { listen unix:/s; location /c { internal; error_page 401 =403 /x; return 401; } location /a/ { auth_request /c; } } }", "" },
	{ "http { server { listen unix:/s;\nlocation /c { internal; } location /a/ { auth_request /c; } } }", "2 check-opens" },
	{ "http { server { listen unix:/s; location /c { internal; js_content x; } location /a/ { auth_request /c; } } }", "" },
	{ "http { server { listen unix:/s; location /c { proxy_set_header Content-Length '';\nproxy_pass http://y; } location /a/ { auth_request /c; } } }", "2 check-request" },
	{ "http { server { listen unix:/s; location /c { proxy_pass_request_body off;\nproxy_pass http://y; } location /a/ { auth_request /c; } } }", "2 check-request" },
	{ "http { server { listen unix:/s; location /c { proxy_set_header Content-Length ''; proxy_pass_request_body off;\nproxy_pass http://y; } location /a/ { auth_request /c; } } }", "" },
	{ "http { server { listen unix:/s; location /c { internal; fastcgi_pass_request_headers off;\nfastcgi_pass latchkey_check; } location /a/ { auth_request /c; } } }", "2 check-request" },
	{ "http { server { listen unix:/s; location /c { internal; fastcgi_pass_request_body off;\nfastcgi_pass latchkey_check; } location /a/ { auth_request /c; } } }", "2 check-request" },
	{ "http { server { listen unix:/s; location /c { internal; fastcgi_pass_request_body off;\nfastcgi_pass y; } location /a/ { auth_request /c; } } }", "" },
	{ "http { server { listen unix:/s; location /c { internal; fastcgi_pass_request_body off; fastcgi_pass_request_headers off; fastcgi_param REQUEST_METHOD $request_method;\nfastcgi_pass latchkey_check; } location /a/ { auth_request /c; } } }", "2 check-request" },
	/* check-body-size: 1m is nginx's default */
	{ "http { server { listen unix:/s;\nlocation /c { internal; fastcgi_pass_request_headers off; fastcgi_pass_request_body off; fastcgi_pass latchkey_check; }\nlocation /a/ { client_max_body_size 1025k; " GUARD "proxy_pass http://x; } } }", "2 check-body-size" },
	{ "http { server { listen unix:/s;\nlocation /c { internal; fastcgi_pass_request_headers off; fastcgi_pass_request_body off; fastcgi_pass latchkey_check; }\nlocation /a/ { client_max_body_size 1024k; " GUARD "proxy_pass http://x; } } }", "" },
	{ "http { server { listen unix:/s;\nlocation /c { internal; client_max_body_size 1G; fastcgi_pass_request_headers off; fastcgi_pass_request_body off; fastcgi_pass latchkey_check; }\nlocation /a/ { client_max_body_size 1024M; " GUARD "proxy_pass http://x; } } }", "" },
	{ "http { server { listen unix:/s;\nlocation /c { internal; client_max_body_size 1G; fastcgi_pass_request_headers off; fastcgi_pass_request_body off; fastcgi_pass latchkey_check; }\nlocation /a/ { client_max_body_size 0; " GUARD "proxy_pass http://x; } } }", "2 check-body-size" },
	{ "http { server { listen unix:/s;\nlocation /c { internal; client_max_body_size 1k; fastcgi_pass_request_headers off; fastcgi_pass_request_body off; fastcgi_pass latchkey_check; }\nlocation /a/ { client_max_body_size 1024; " GUARD "proxy_pass http://x; } } }", "" },
	{ "http { server { listen unix:/s;\nlocation /c { internal; client_max_body_size 1k; fastcgi_pass_request_headers off; fastcgi_pass_request_body off; fastcgi_pass latchkey_check; }\nlocation /a/ { client_max_body_size 1025; " GUARD "proxy_pass http://x; } } }", "2 check-body-size" },
	{ "http { server { listen unix:/s;\nlocation /c { internal; client_max_body_size 1024; fastcgi_pass_request_headers off; fastcgi_pass_request_body off; fastcgi_pass latchkey_check; }\nlocation /a/ { client_max_body_size 1K; " GUARD "proxy_pass http://x; } } }", "" },
	{ "http { server { listen unix:/s;\nlocation /c { internal; client_max_body_size 1023; fastcgi_pass_request_headers off; fastcgi_pass_request_body off; fastcgi_pass latchkey_check; }\nlocation /a/ { client_max_body_size 1k; " GUARD "proxy_pass http://x; } } }", "2 check-body-size" },
	{ "http { server { listen unix:/s;\nlocation /c { internal; client_max_body_size 1m; fastcgi_pass_request_headers off; fastcgi_pass_request_body off; fastcgi_pass latchkey_check; }\nlocation /a/ { client_max_body_size 1024k; " GUARD "proxy_pass http://x; } } }", "" },
	{ "http { server { listen unix:/s;\nlocation /c { internal; client_max_body_size 1m; fastcgi_pass_request_headers off; fastcgi_pass_request_body off; fastcgi_pass latchkey_check; }\nlocation /a/ { client_max_body_size 1025k; " GUARD "proxy_pass http://x; } } }", "2 check-body-size" },
	{ "http { server { listen unix:/s;\nlocation /c { internal; client_max_body_size 1023k; fastcgi_pass_request_headers off; fastcgi_pass_request_body off; fastcgi_pass latchkey_check; }\nlocation /a/ { client_max_body_size 1M; " GUARD "proxy_pass http://x; } } }", "2 check-body-size" },
	{ "http { server { listen unix:/s;\nlocation /c { internal; client_max_body_size 1024k; fastcgi_pass_request_headers off; fastcgi_pass_request_body off; fastcgi_pass latchkey_check; }\nlocation /a/ { client_max_body_size 1M; " GUARD "proxy_pass http://x; } } }", "" },
	{ "http { server { listen unix:/s;\nlocation /c { internal; client_max_body_size 1g; fastcgi_pass_request_headers off; fastcgi_pass_request_body off; fastcgi_pass latchkey_check; }\nlocation /a/ { client_max_body_size 1025m; " GUARD "proxy_pass http://x; } } }", "2 check-body-size" },
	{ "http { server { listen unix:/s;\nlocation /c { internal; client_max_body_size 1023m; fastcgi_pass_request_headers off; fastcgi_pass_request_body off; fastcgi_pass latchkey_check; }\nlocation /a/ { client_max_body_size 1g; " GUARD "proxy_pass http://x; } } }", "2 check-body-size" },
	{ "http { server { listen unix:/s;\nlocation /c { internal; client_max_body_size 1024m; fastcgi_pass_request_headers off; fastcgi_pass_request_body off; fastcgi_pass latchkey_check; }\nlocation /a/ { client_max_body_size 1g; " GUARD "proxy_pass http://x; } } }", "" },
	{ "http { server { listen unix:/s;\nlocation /c { internal; client_max_body_size 0; fastcgi_pass_request_headers off; fastcgi_pass_request_body off; fastcgi_pass latchkey_check; }\nlocation /a/ { client_max_body_size 1g; " GUARD "proxy_pass http://x; } } }", "" },
	{ "http { server { listen unix:/s;\nlocation /c { internal; client_max_body_size x; fastcgi_pass_request_headers off; fastcgi_pass_request_body off; fastcgi_pass latchkey_check; }\nlocation /a/ { client_max_body_size 1g; " GUARD "proxy_pass http://x; } } }", "" },
	{ "http { server { listen unix:/s;\nlocation /c { internal; client_max_body_size 1; fastcgi_pass_request_headers off; fastcgi_pass_request_body off; fastcgi_pass latchkey_check; }\nlocation /a/ { client_max_body_size 1; " GUARD "proxy_pass http://x; } } }", "" },
	{ "http { server { listen unix:/s;\nlocation /c { internal; client_max_body_size 1; fastcgi_pass_request_headers off; fastcgi_pass_request_body off; fastcgi_pass latchkey_check; }\nlocation /a/ { client_max_body_size 2; " GUARD "proxy_pass http://x; } } }", "2 check-body-size" },
	{ "http { server { listen unix:/s;\nlocation /c { internal; client_max_body_size 4g; fastcgi_pass_request_headers off; fastcgi_pass_request_body off; fastcgi_pass latchkey_check; }\nlocation /a/ { client_max_body_size 3000000000; " GUARD "proxy_pass http://x; } } }", "" },
	{ "http { server { listen unix:/s;\nlocation /c { internal; client_max_body_size 8g; fastcgi_pass_request_headers off; fastcgi_pass_request_body off; fastcgi_pass latchkey_check; }\nlocation /a/ { client_max_body_size 4294967295; " GUARD "proxy_pass http://x; } } }", "" },
	/* the second of two checks */
	{ "http { server { listen unix:/s; " CHECK "location /a/ { auth_request /c; }\nlocation = /d { client_max_body_size 0; fastcgi_pass_request_headers off; fastcgi_pass_request_body off; fastcgi_pass latchkey_check; } location /b/ { auth_request /d; } } }", "2 check-open" },
	{ "http { server { listen unix:/s; " CHECK "location /a/ { auth_request /c; } location = /d { internal;\nreturn 200; } location /b/ { auth_request /d; } } }", "2 check-opens" },
	{ "http { server { listen unix:/s; " CHECK "location /a/ { auth_request /c; }\nlocation = /d { internal; } location /b/ { auth_request /d; } } }", "2 check-opens" },
	{ "http { server { listen unix:/s; " CHECK "location /a/ { auth_request /c; } location = /d { internal; fastcgi_pass_request_headers off;\nfastcgi_pass latchkey_check; } location /b/ { auth_request /d; } } }", "2 check-request" },
	{ "http { server { listen unix:/s; " CHECK "location /a/ { auth_request /c; }\nlocation = /d { internal; client_max_body_size 0; fastcgi_param HTTP_COOKIE $http_cookie; fastcgi_pass_request_headers off; fastcgi_pass_request_body off; fastcgi_pass latchkey_check; } location /b/ { auth_request /d; } } }", "2 no-409" },
	{ "http { auth_request /c; server { listen unix:/s; " CHECK "} server { listen unix:/t; location = /c { internal;\nreturn 200; } } }", "2 check-opens" },
	/* no-409 */
	{ "http { server { listen unix:/s;\nlocation /c { internal; fastcgi_param HTTP_COOKIE $http_cookie; fastcgi_intercept_errors on; fastcgi_pass_request_headers off; fastcgi_pass_request_body off; fastcgi_pass latchkey_check; }\n" APP END, "2 no-409" },
	{ "http { server { listen unix:/s;\nlocation /c { internal; fastcgi_param HTTP_COOKIE $http_cookie; error_page 409 = @r; fastcgi_pass_request_headers off; fastcgi_pass_request_body off; fastcgi_pass latchkey_check; }\n" APP END, "2 no-409" },
	{ "http { server { listen unix:/s;\nlocation /c { internal; fastcgi_param HTTP_COOKIE $http_cookie; fastcgi_intercept_errors on; error_page 404 409 = @r; fastcgi_pass_request_headers off; fastcgi_pass_request_body off; fastcgi_pass latchkey_check; }\n" APP END, "" },
	/* lane-headers, cache */
	{ SERVER APP "location /t {\nfastcgi_pass latchkey_login; }" END, "2 lane-headers" },
	{ SERVER APP "location /t { fastcgi_pass_request_headers on;\nfastcgi_pass latchkey_login; }" END, "2 lane-headers" },
	{ SERVER "location /a/ { " GUARD "\nproxy_cache z; proxy_pass http://x; }" END, "2 cache" },
	{ SERVER "location /a/ { " GUARD "\nproxy_cache off; proxy_pass http://x; }" END, "" },
	{ SERVER "\nproxy_cache z; location /a/ { " GUARD "proxy_cache_key $request_uri; proxy_pass http://x; }" END, "2 cache" },
	{ SERVER "proxy_cache z; location /a/ { " GUARD "proxy_cache_key $http_authorization; proxy_pass http://x; }" END, "" },
	{ SERVER "proxy_cache z; location /a/ { " GUARD "auth_request_set $u $upstream_http_x_auth_user; proxy_cache_key $uri$u; proxy_pass http://x; }" END, "" },
	{ SERVER "location /b/ { proxy_cache z; proxy_pass http://x; }" END, "" },
};

static const struct text_case servers[] = {
	{ "http { server {\nlisten 80; " CHECK APP END, "2 plain-http" },
	{ "http { server {\nlisten 0.0.0.0:81; " CHECK APP END, "2 plain-http" },
	{ "http { server {\nlisten [::]:81; " CHECK APP END, "2 plain-http" },
	{ "http {\nserver { " CHECK APP END, "2 plain-http" },
	{ "http { server {\nlisten 443 ssl; " CHECK APP END, "" },
	{ "http { server {\nlisten 127.0.0.1:80; listen [::1]:80; listen localhost:81; listen unix:/x; " CHECK APP END, "" },
	{ "http { server { set_real_ip_from 10.0.0.1;\nlisten 80; " CHECK APP END, "" },
	{ "http { server {\nlisten 80 proxy_protocol; " CHECK APP END, "" },
	{ "http { server { listen 80; } }", "" },
	{ "http { server { listen unix:/s; " CHECK APP "} server {\nlisten 80; " CHECK APP END, "2 plain-http" },
	{ "http { server { listen unix:/s; " CHECK APP "} server { listen unix:/t;\nmerge_slashes off; " CHECK APP END, "2 merge-slashes" },
	{ "http { server { listen unix:/s; " CHECK APP "} server { listen unix:/t;\nunderscores_in_headers on; " CHECK APP END, "2 underscores" },
	{ "location /t { fastcgi_pass latchkey_api; }", "" },
	{ "stream { server { location /t { fastcgi_pass latchkey_api; } } }", "" },
	{ "mail { server { location /t { fastcgi_pass latchkey_api; } } }", "" },
	{ "stream { server { listen 80; server_name a; } } http { server { listen 80 ssl; server_name a; " CHECK APP END, "" },
	{ "http { server { listen 443 ssl;\nlisten 80; if ($scheme = http) { return 301 https://$host$request_uri; } " CHECK APP END, "" },
	{ "http { server { listen 443 ssl;\nlisten 80; if ($scheme != \"https\") { return 308 https://$host; } " CHECK APP END, "" },
	{ "http { server { listen 443 ssl;\nlisten 80; if ( $scheme = http ) { return https://$host; } " CHECK APP END, "" },
	{ "http { server { listen 443 ssl;\nlisten 80; if ($https = '') { return 301 https://$host; } " CHECK APP END, "" },
	{ "http { server { listen 443 ssl;\nlisten 80; if ($https != on) { rewrite ^ https://$host permanent; } " CHECK APP END, "" },
	{ "http { server { listen 443 ssl;\nlisten 80; if ($ssl_protocol = \"\") { rewrite ^/(.*)$ https://$host/$1; } " CHECK APP END, "" },
	{ "http { server { listen 443 ssl;\nlisten 80; if ($server_port = 80) { return 301 https://$host; } " CHECK APP END, "" },
	{ "http { server { listen 443 ssl;\nlisten 81; if ($server_port = 80) { return 301 https://$host; } " CHECK APP END, "2 plain-http" },
	{ "http { server { listen 443 ssl;\nlisten 80; if ($scheme = \"(http\") { return 301 https://$host; } " CHECK APP END, "2 plain-http" },
	{ "http { server { listen 443 ssl;\nlisten 80; if ($scheme = https) { return 301 https://$host; } " CHECK APP END, "2 plain-http" },
	{ "http { server { listen 443 ssl;\nlisten 80; if ($scheme = http) { return 301 http://$host; } " CHECK APP END, "2 plain-http" },
	{ "http { server { listen 443 ssl;\nlisten 80; if ($scheme = http) { return 200 https://x; } " CHECK APP END, "2 plain-http" },
	{ "http { server { listen 443 ssl;\nlisten 80; if ($scheme = http) { set $x https://x; } " CHECK APP END, "2 plain-http" },
	{ "http { server { listen 443 ssl;\nlisten 80; if ($scheme = http) { rewrite ^/a https://$host; } " CHECK APP END, "2 plain-http" },
	{ "http { server { listen 443 ssl;\nlisten 80; location /b { if ($scheme = http) { return 301 https://x; } } " CHECK APP END, "2 plain-http" },
	{ "http { server {\nlisten 80; return 301 https://$host$request_uri; " CHECK APP END, "" },
	{ "http { server {\nlisten 80; return 301 /x; " CHECK APP END, "2 plain-http" },
	{ SERVER APP "} server { listen 127.0.0.1:80;\nserver_name x A;" END, "2 server-name" },
	{ SERVER APP "} server { listen 127.0.0.1:80; server_name x;\nserver_name y a;" END, "2 server-name" },
	{ SERVER APP "} server { listen 127.0.0.1:81;\nserver_name a;" END, "" },
	{ SERVER APP "} server { listen 127.0.0.1;\nserver_name a;" END, "2 server-name" },
	{ "http { server { server_name a; } server {\nserver_name a; } }", "" },
	{ "http { server { listen 443 ssl; " CHECK APP "}\nserver { listen *:443 ssl; } }", "2 server-name" },
	{ SERVER APP "} server { listen 127.0.0.1:80; server_name x y;\nserver_name z a;" END, "2 server-name" },
	{ SERVER APP "} server { listen 127.0.0.1:80;\nserver_name z b;" END, "" },
	{ "http { server { listen 127.0.0.1:80; server_name b a; } server { listen 127.0.0.1:80;\nserver_name a; " CHECK APP END, "2 server-name" },
	{ "http { server { listen 80 ssl; " CHECK APP "}\nserver { listen 0.0.0.0:80; } }", "2 server-name" },
	{ "http { server { listen 0.0.0.0 ssl; " CHECK APP "}\nserver { listen *:80; } }", "2 server-name" },
	{ "http { server { listen [::1]; " CHECK APP "}\nserver { listen [::1]:80; } }", "2 server-name" },
	{ "http { server { listen [::1]; " CHECK APP "}\nserver { listen [::1]:81; } }", "" },
	{ "http { server { listen unix:/s; " CHECK APP "}\nserver { listen unix:/s; } }", "2 server-name" },
	{ "http { server { listen unix:/s; " CHECK APP "}\nserver { listen unix:/r; } }", "" },
	{ "http { server { listen unix:/r; listen unix:/s; " CHECK APP "}\nserver { listen unix:/q; listen unix:/s; } }", "2 server-name" },
	{ "http { server {\nlisten 443 quic; " CHECK APP END, "" },
	{ "http { server { ssl on;\nlisten 443; " CHECK APP END, "" },
	{ "http { server { ssl off;\nlisten 443; " CHECK APP END, "2 plain-http" },
	{ "http { server {\nlisten 127.0.0.2:80; " CHECK APP END, "" },
	{ "http { server {\nlisten 12.0.0.1:80; " CHECK APP END, "2 plain-http" },
	{ "http { server {\nlisten 80; return https://$host; " CHECK APP END, "" },
	{ "http { server { listen 443 ssl;\nlisten 80; listen 81; " CHECK APP END, "2 plain-http" },
	{ "set_real_ip_from 0.0.0.0/0;", "1 realip" },
	{ "set_real_ip_from ::/0;", "1 realip" },
	{ "set_real_ip_from 8.0.0.0/7;", "1 realip" },
	{ "set_real_ip_from 10.0.0.0/8; set_real_ip_from fc00::/7; set_real_ip_from unix:; set_real_ip_from 1.2.3.4; set_real_ip_from ::1;", "" },
	{ "set_real_ip_from fc00::/6;", "1 realip" },
	{ "http { upstream latchkey_api {\nserver unix:/tmp/a; } server { listen unix:/s; location /t { " LANE "} } }", "2 socket" },
	{ "http { upstream latchkey_api { server unix:/run/a; } upstream o { server unix:/tmp/b; } server { listen unix:/s; location /t { " LANE "} location /o { fastcgi_pass o; } } }", "" },
	{ "http { server { listen unix:/s; location /t { fastcgi_pass_request_headers off;\nfastcgi_pass unix:/home/x/latchkey/login.sock; } } }", "2 socket" },
	{ "http { upstream o { server unix:/run/latchkey/api.sock; } server { listen unix:/s; location /t {\nfastcgi_pass o; } } }", "2 lane-headers" },
	{ "http { server { listen unix:/s; location /t {\nfastcgi_pass unix:/run/latchkey/check.sock; } } }", "2 lane-headers" },
	{ "http { server { listen unix:/s; location /t {\nfastcgi_pass unix:/run/latchkey/api.sock; } } }", "2 lane-headers" },
	{ "http { server { listen unix:/s; location /t {\nfastcgi_pass unix:/run/latchkey/latchkey.sock; } } }", "2 lane-headers" },
	{ "http { server { listen unix:/s; location /t {\nfastcgi_pass $latchkey_lane; } } }", "2 lane-headers" },
	{ "http { server { listen unix:/s; location /t {\nfastcgi_pass latchkey_check; } } }", "2 lane-headers" },
	{ "http { upstream o { server unix:/run/latchkey/a; } server { listen unix:/s; location /t { fastcgi_pass o; } } }", "" },
	{ "http { server { listen unix:/s; location /t { fastcgi_pass unix:/run/latchkey-app/api.sock; } } }", "" },
	{ "http { server { listen unix:/s; location /t { fastcgi_pass unix:/run/latchkey/api.sock2; } } }", "" },
	{ "http { server { listen unix:/s; location /t { fastcgi_pass latchkey_apis; } } }", "" },
	{ "http { server { listen unix:/s; location /t { fastcgi_pass latchkey:9000; } } }", "" },
	{ "http { server { location /a {\nalias /b/; } } }", "2 alias" },
	{ "http { server { location ^~ /a {\nalias /b/; } } }", "2 alias" },
	{ "http { server { location /a/ { alias /b/; } location /c { alias /d; } location = /e { alias /f/; } location ~ ^/g { alias /h/; } location /i { internal; alias /j/; } } }", "" },
	{ "merge_slashes off;\n" SERVER APP END, "1 merge-slashes" },
	{ "merge_slashes off; http { server { } }", "" },
	{ "stream { server { listen 80; proxy_pass latchkey_login; } upstream latchkey_login { server unix:/tmp/x; } }", "" },
};
/* clang-format on */

static void
test_versions(void)
{
	static const struct {
		const char *version, *text, *wanted;
	} cases[] = {
		{ "1.18.0", "a;\nresolver x;", "2 old-nginx" },
		{ "1.21.9", "a;\nb;", "1 old-nginx" },
		{ "1.22.0", "a;\nb;", "" },
		{ "1.22.0", "a;\nresolver x;", "" },
		{ "1.22.0", "a;\nmp4;", "n2 old-nginx" },
		{ "1.22.1", "a;\nmp4;", "" },
		{ "1.23.1", "a;\nmp4;", "n2 old-nginx" },
		{ "1.23.2", "a;\nmp4;", "" },
		{ "1.30.3", "map a b { }", "n1 old-nginx" },
		{ "1.30.4", "map a b { }", "" },
		{ "1.31.2", "map a b { }", "n1 old-nginx" },
		{ "1.31.3", "map a b { }", "" },
		{ "1.12.0", "listen 80;\nlisten 80 http2;", "2 old-nginx" },
		{ "1.12.0", "x;\ny;", "1 old-nginx" },
		{ "1.18.0", "mp4;\nresolver x;", "2 old-nginx" },
		{ "1.18.0", "resolver x;\nmp4;", "1 old-nginx" },
		{ "0.9.9", "a;", "1 old-nginx" },
		{ "2.0.0", "map a b { }", "" },
		{ "1.1000.0", "a;", "1 old-nginx" },
		{ "1.999.0", "a;", "" },
		{ "x", "a;", "1 old-nginx" },
		{ "1.99999", "", "" },
		{ NULL, "resolver x;", "" },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++)
		is(found(cases[i].text, cases[i].version), cases[i].wanted,
		    tap_with(
		        "known vulnerabilities of nginx", cases[i].version));
}

/* --- what is said --- */

/* clang-format off */
static const struct {
	const char *text, *version, *wanted; /* of the first that is found */
} texts[] = {
	{ SERVER "location /a/ { auth_request /c; proxy_pass http://x; }" END, NULL,
	  "x gets these headers as a client sends them: X-Auth-User, X-Auth-User-Plain, X-Auth-User-Id, X-Auth-Expires, X-Auth-Scope, X-Auth-Session, Authorization, Cookie" },
	{ SERVER "location /a/ { auth_request /c; proxy_set_header X-Auth-User $u; proxy_set_header Cookie ''; proxy_pass http://x; }" END, NULL,
	  "x gets these headers as a client sends them: X-Auth-User-Plain, X-Auth-User-Id, X-Auth-Expires, X-Auth-Scope, X-Auth-Session, Authorization" },
	{ SERVER APP "location /b/ { auth_request /c; proxy_pass http://y; }" END, NULL,
	  "y gets these headers as a client sends them: X-Auth-User, X-Auth-User-Plain, X-Auth-User-Id, X-Auth-Expires, X-Auth-Scope, X-Auth-Session, Authorization, Cookie" },
	{ SERVER SET "location /a/ { auth_request /c; " NOBODY "proxy_set_header Cookie ''; proxy_pass http://x; }" END, NULL,
	  "this drops all headers of the levels above, and x gets these as a client sends them: Authorization" },
	{ SERVER "add_header X-Frame-Options DENY; add_header Referrer-Policy no; add_header Set-Cookie a=b; location /a/ { " GUARD "add_header set-cookie c=d; proxy_pass http://x; }" END, NULL,
	  "this drops headers of the level above: X-Frame-Options, Referrer-Policy" },
	{ SERVER "add_header Strict-Transport-Security a; add_header X-Content-Type-Options a; add_header X-Frame-Options a; add_header Content-Security-Policy a; add_header Referrer-Policy a; add_header Set-Cookie a; location /a/ { " GUARD "add_header X-Y z; proxy_pass http://x; }" END, NULL,
	  "this drops headers of the level above: Strict-Transport-Security, X-Content-Type-Options, X-Frame-Options, Content-Security-Policy, Referrer-Policy, Set-Cookie" },
	{ "http { server { listen unix:/s; location /c { proxy_pass http://y; } location /a/ { auth_request /c; } } }", NULL,
	  "the check gets the body (proxy_pass_request_body off), its length, and waits for that (proxy_set_header Content-Length \"\")" },
	{ "http { server { listen unix:/s; location /c { proxy_pass_request_body off; proxy_pass http://y; } location /a/ { auth_request /c; } } }", NULL,
	  "the check gets its length, and waits for that (proxy_set_header Content-Length \"\")" },
	{ "http { server { listen unix:/s; location /c { internal; fastcgi_param REQUEST_METHOD $request_method; fastcgi_pass latchkey_check; } location /a/ { auth_request /c; } } }", NULL,
	  "the check gets the body (fastcgi_pass_request_body off), all headers (fastcgi_pass_request_headers off), the request's method (fastcgi_param REQUEST_METHOD GET)" },
	{ "http { server { listen unix:/s; location /c { internal; fastcgi_param REQUEST_METHOD GET; fastcgi_pass y; } location /a/ { auth_request /c; } } }", NULL,
	  "the check gets the body (fastcgi_pass_request_body off)" },
	{ SERVER "location /a/ { " GUARD "proxy_cache z; proxy_pass http://x; }" END, NULL,
	  "what is guarded is kept, and the key does not distinguish users" },
	{ "http { server { listen unix:/s; location /c { internal; fastcgi_cache z; fastcgi_pass_request_headers off; fastcgi_pass_request_body off; fastcgi_pass latchkey_check; } location /a/ { auth_request /c; } } }", NULL,
	  "the answer of the check is kept, and the key does not distinguish users" },
	{ SERVER "location /a/ { " GUARD "proxy_set_header X-User $http_x_user; proxy_pass http://x; }" END, NULL,
	  "X-User is $http_x_user, which the client sends" },
	{ SERVER "location /f/ { auth_request /c; return 201 x; }" END, NULL,
	  "return 201 is done before the check: everybody gets it" },
	{ SERVER APP "} server { listen 127.0.0.1:80; server_name b;\nserver_name A;" END, NULL,
	  "nginx ignores the name \"A\" here: the server of line 1 in conf has it too, at the same address" },
	{ "http { server { listen 0.0.0.0:81; " CHECK APP END, NULL,
	  "passwords, cookies and tokens cross the network to *:81 without TLS" },
	{ "http { server { " CHECK APP END, NULL,
	  "passwords, cookies and tokens cross the network to *:80 without TLS" },
	{ SERVER "location /a/ { " GUARD "proxy_pass http://localhost:9; } location /b/ { proxy_pass http://localhost:9/x; }" END, NULL,
	  "/b/ leads to the guarded application localhost:9 without a guard, with the names that a client sends" },
	{ "mp4; resolver x; rewrite a b;", "1.19.9",
	  "nginx 1.19.9 is older than 1.22, which conf/nginx needs; it has CVE-2026-9256 (rewrite), CVE-2026-42945 (rewrite), CVE-2022-41741 (mp4), CVE-2021-23017 (resolver)" },
	{ "a;", "1.20.1", "nginx 1.20.1 is older than 1.22, which conf/nginx needs; it has no fixes any more" },
	{ "a; mp4;", "1.12.0", "nginx 1.12.0 is older than 1.22, which conf/nginx needs; it has CVE-2022-41741 (mp4), CVE-2017-7529" },
	{ "mp4;", "1.22.0", "nginx 1.22.0 had CVE-2022-41741 (mp4) when it was released" },
};
/* clang-format on */

static void
test_said(void)
{
	struct lint l;
	size_t i;

	for (i = 0; i < ARRAY_LEN(texts); i++) {
		if (!ok(lint_text(texts[i].text, texts[i].version, &l) ==
		                NULL &&
		            l.findings != NULL,
		        "a mistake is found in a configuration"))
			continue;
		is(l.findings->text, texts[i].wanted, "what a mistake says");
		ok(l.findings->cure != NULL && *l.findings->cure != '\0',
		    "a mistake says what to do");
	}
}

/* The list of all rules, as a command prints it. */
static void
test_rules(void)
{
	static const char first[] = "request-uri\ta rule by $request_uri, ";
	static const char last[] =
	    "\nold-nginx\tnginx of a version with known vulnerabilities\n";
	char *text = NULL;
	size_t n = 0, lines = 0, i;
	FILE *f = open_memstream(&text, &n);

	if (f == NULL)
		abort();
	lint_print_rules(f);
	fclose(f);
	for (i = 0; i < n; i++)
		lines += text[i] == '\n';
	is_int((long long)lines, 34, "each rule has a line");
	ok(strncmp(text, first, sizeof(first) - 1) == 0,
	    "the list of rules begins with the first");
	ok(n >= sizeof(last) - 1 &&
	        strcmp(text + n - (sizeof(last) - 1), last) == 0,
	    "the list of rules ends with the last");
	free(text);
}

/* --- files --- */

#define MARK(name) "\n# configuration file " name ":\n"

/* What is found, with its file: "FILE:LINE RULE, …". */
static const char *
found_in_files(const char *text)
{
	const struct lint_finding *f;
	struct lint l;
	struct buf b;

	if (lint_text(text, NULL, &l) != NULL)
		return "(refused)";
	buf_init(&b, &arena);
	buf_adds(&b, "");
	for (f = l.findings; f != NULL; f = f->next)
		buf_addf(&b, "%s%s:%u %s", b.len > 0 ? ", " : "", f->file,
		    f->line, f->rule);
	return b.s;
}

static void
test_files(void)
{
	is(found_in_files(MARK("/b") "include /a;\nset_real_ip_from ::/0;\n"
	                             "set_real_ip_from ::/1;\n" MARK(
	                                 "/a") "\n\n\n\n\nset_real_ip_from "
	                                       "::/0;\nset_real_ip_from "
	                                       "::/0;\n"),
	    "/a:6 realip, /a:7 realip, /b:2 realip, /b:3 realip",
	    "mistakes are in the order of files, and of their lines");
	is(found_in_files(
	       MARK("/b") "include /a;\nset_real_ip_from ::/0;\n" MARK(
	           "/a") "\nset_real_ip_from ::/0;\n"),
	    "/a:2 realip, /b:2 realip",
	    "mistakes of two files may be of one line");
	is(found("set_real_ip_from ::/0; set_real_ip_from ::/1;\n"
	         "set_real_ip_from ::/0;",
	       NULL),
	    "1 realip, 2 realip", "a mistake is told once a line");
	is(found(
	       "\nset_real_ip_from ::/0;\nhttp { server { location /a { alias "
	       "/b/; } } set_real_ip_from ::/0; }",
	       NULL),
	    "2 realip, 3 realip, 3 alias",
	    "mistakes of one line are in the order of the rules");
	/* add_header: an own file, and the file that is shown */
	is(found_in_files(MARK("/n") SERVER
	       "add_header X-Frame-Options DENY; location /t { include /x/latchkey-t.conf; }" END
	           MARK("/x/latchkey-t.conf") "add_header X-Y z; " LANE),
	    "/n:1 add-header", "a location with a header of another file");
	is(found_in_files(MARK("/n") SERVER
	       "add_header X-Frame-Options DENY; include /x/latchkey-t.conf; " APP
	           END MARK(
	               "/x/latchkey-t.conf") "location /t { add_header X-Y z; " LANE
	                                     "}\n"),
	    "", "in Latchkey's own files no header is missed");
	is(found_in_files(MARK("/n") SERVER
	       "add_header X-Frame-Options DENY; include /latchkey-x/t.conf; " APP
	           END MARK(
	               "/latchkey-x/t.conf") "location /t { add_header X-Y z; " LANE
	                                     "}\n"),
	    "/latchkey-x/t.conf:1 add-header",
	    "a file in a folder of that name is not Latchkey's own");
	is(found_in_files(MARK("/n") SERVER
	       "add_header X-Frame-Options DENY; location /t {\ninclude /y;\nadd_header X-Z z; " LANE
	       "}" END MARK("/y") "add_header X-Y z;\n"),
	    "/n:3 add-header", "a header is shown in its location's own file");
}

/* What a comment allows, and what it does not. */
static void
test_allowed(void)
{
	static const struct {
		const char *comment, *wanted;
	} cases[] = {
		{ "", "1 realip" },
		{ "# check-nginx: allow realip", "" },
		{ "# check-nginx: allow realip, since", "1 realip" },
		{ "# check-nginx: allow realip since", "" },
		{ "# check-nginx: allow realip\tsince", "" },
		{ "# check-nginx: allow realip\r", "" },
		{ "# so: check-nginx: allow realip", "" },
		{ "# check-nginx: allow reali", "1 realip" },
		{ "# check-nginx: realip", "1 realip" },
		{ "#\n# check-nginx: allow realip", "1 realip" },
	};
	char text[100];
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		snprintf(text, sizeof(text), "set_real_ip_from ::/0; %s\n",
		    cases[i].comment);
		is(found(text, NULL), cases[i].wanted,
		    "what a comment behind a directive allows");
	}
}

/* --- places --- */

static void
test_locations(void)
{
	static const struct {
		const char *text, *path;
		enum nginx_match match;
	} cases[] = {
		{ "location /a { }", "/a", NGINX_MATCH_PREFIX },
		{ "location = /a { }", "/a", NGINX_MATCH_EXACT },
		{ "location =/a { }", "/a", NGINX_MATCH_EXACT },
		{ "location ^~ /a { }", "/a", NGINX_MATCH_FIRST },
		{ "location ^~/a { }", "/a", NGINX_MATCH_FIRST },
		{ "location ~ a { }", "a", NGINX_MATCH_REGEX },
		{ "location ~a { }", "a", NGINX_MATCH_REGEX },
		{ "location ~* a { }", "a", NGINX_MATCH_REGEX },
		{ "location ~*a { }", "a", NGINX_MATCH_REGEX },
		{ "location @a { }", "@a", NGINX_MATCH_NAME },
	};
	struct nginx_directive *root;
	struct nginx_problem problem;
	struct nginx_dump dump;
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		nginx_dump_read(&arena, cases[i].text, strlen(cases[i].text),
		    "conf", &dump);
		if (!nginx_parse(&arena, &dump, &root, &problem))
			root = NULL;
		if (!ok(root != NULL, tap_with("parses", cases[i].text)) ||
		    root == NULL)
			continue;
		is(nginx_location_path(root->first), cases[i].path,
		    tap_with("the path of a location", cases[i].text));
		is_int(nginx_location_match(root->first), cases[i].match,
		    tap_with("how a location matches", cases[i].text));
	}
}

static void
test_choice(void)
{
	static const char text[] =
	    "location / { } location /a { location /a/b { } } location = /a/b/c"
	    " { } location ^~ /a/d { } location ~ x { } location @a { }";
	static const struct {
		const char *path, *wanted;
	} cases[] = {
		{ "/", "/" },
		{ "/b", "/" },
		{ "/a", "/a" },
		{ "/a?/a/b", "/a" },
		{ "/a/b", "/a/b" },
		{ "/a/bc", "/a/b" },
		{ "/a/b/c", "/a/b/c" },
		{ "/a/b/cd", "/a/b" },
		{ "/a/dx", "/a/d" },
		{ "x", NULL },
	};
	const struct nginx_directive *chosen;
	struct nginx_directive *root;
	struct nginx_problem problem;
	struct nginx_dump dump;
	size_t i;

	nginx_dump_read(&arena, text, sizeof(text) - 1, "conf", &dump);
	if (!nginx_parse(&arena, &dump, &root, &problem))
		root = NULL;
	for (i = 0; root != NULL && i < ARRAY_LEN(cases); i++) {
		chosen = nginx_location_for(root, cases[i].path);
		is(chosen != NULL ? nginx_location_path(chosen) : NULL,
		    cases[i].wanted,
		    tap_with("the location that answers", cases[i].path));
	}
}

static void
test_many(void)
{
	struct lint l;
	struct nginx_directive *root;
	struct nginx_problem problem;
	struct nginx_dump dump;
	struct buf b;
	int i;

	buf_init(&b, &arena);
	for (i = 0; i <= LINT_FINDINGS_MAX; i++)
		buf_adds(&b, "set_real_ip_from ::/0;\n");
	nginx_dump_read(&arena, b.s, b.len, "conf", &dump);
	ok(nginx_parse(&arena, &dump, &root, &problem),
	    "a long configuration parses");
	lint_run(&arena, root, NULL, &l);
	is_int((long long)l.n_findings, LINT_FINDINGS_MAX,
	    "1000 mistakes are told, and no more");
}

/* Far more directives of a kind than the arena has room for by itself. */
static void
test_room(void)
{
	static const struct {
		const char *begin, *one, *end;
	} cases[] = {
		{ SERVER "location /b/ { ", "proxy_pass http://y; ", "}" END },
		{ SERVER, "location /b { } ", END },
		{ SERVER "location /a/ { " GUARD,
		    "proxy_set_header X-Auth-X y; ", "}" END },
		{ "http { ", "server { listen unix:/s; server_name a; } ",
		    "}" },
		{ "http { ", "upstream u { } ", "}" },
		{ SERVER "location /a/ { ", "auth_request /c; ", "}" END },
		{ "http { server { ", "listen unix:/s; ", "} }" },
		{ SERVER "location /a/ { ", "mirror /c; ", "}" END },
		{ SERVER "location /a/ { ", "error_page 404 401 /c; ",
		    "}" END },
	};
	struct buf b;
	char *text;
	size_t i;
	int n;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		arena_reset(&arena);
		buf_init(&b, &arena);
		buf_adds(&b, cases[i].begin);
		for (n = 0; n < 1000; n++)
			buf_adds(&b, cases[i].one);
		buf_adds(&b, cases[i].end);
		text = strdup(b.s);
		if (text == NULL)
			abort();
		is(found(text, NULL), "",
		    tap_with("room for any number of these", cases[i].one));
		free(text);
	}
}

int
main(void)
{
	arena_init(&arena);
	run(guards, ARRAY_LEN(guards), "guards");
	run(headers, ARRAY_LEN(headers), "headers");
	run(checks, ARRAY_LEN(checks), "checks");
	run(servers, ARRAY_LEN(servers), "servers");
	test_versions();
	test_said();
	test_rules();
	test_files();
	test_allowed();
	test_locations();
	test_choice();
	test_many();
	test_room();
	arena_free(&arena);
	return done();
}
