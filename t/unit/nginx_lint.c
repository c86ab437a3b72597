/*
 * nginx/lint.c and its rules: what each finds, and what it lets be.
 */
#include "base.h"

#include <stdio.h>
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

/* What is found: "LINE RULE, …"; a note has an n before. */
static const char *
found(const char *text, const char *version)
{
	const struct lint_finding *f;
	struct nginx_directive *root;
	struct nginx_problem problem;
	struct nginx_dump dump;
	struct lint l;
	struct buf b;

	arena_reset(&arena);
	buf_init(&b, &arena);
	buf_adds(&b, "");
	nginx_dump_read(&arena, text, strlen(text), "conf", &dump);
	if (!nginx_parse(&arena, &dump, &root, &problem))
		return problem.text;
	lint_run(&arena, root, version, &l);
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
	{ SERVER "location /f/ { auth_request /c; }\nlocation /f/g/ { expires 1h; }" END, "2 open-path" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation = /f/g { }" END, "2 open-path" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation /f/g/ { root /y; }" END, "" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation /g/ { }" END, "" },
	{ SERVER "location / { auth_request /c; }\nlocation /g/ { }" END, "" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation /f/g/ { auth_request /c; }" END, "" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation /f/g/ { auth_request off; }" END, "" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation /f/g/ { internal; }" END, "" },
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
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ ^/g/[(]a { }" END, "" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ ^/g/\\| { }" END, "" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ ^/g/\\(|^/f { }" END, "2 regex-first" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~ ^/g/.*\\.(css|js)$ { }" END, "" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~* ^/F/ { }" END, "2 regex-first" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~* ^/G/ { }" END, "" },
	{ SERVER "location /f/ { auth_request /c; }\nlocation ~*^/F/ { }" END, "2 regex-first" },
	/* return, rewrite, login-guarded */
	{ SERVER "location /f/ { auth_request /c;\nreturn 200 x; }" END, "2 return" },
	{ SERVER "location /f/ { auth_request /c; if ($x) {\nreturn 200; } }" END, "2 return" },
	{ SERVER "location /f/ { auth_request /c;\nreturn 204; }" END, "" },
	{ SERVER "location /f/ { auth_request /c;\nreturn 302 /x; }" END, "" },
	{ SERVER "location /f/ { auth_request /c;\nreturn /x; }" END, "" },
	{ SERVER "location /f/ {\nreturn 200 x; }" END, "" },
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
	{ "http { server { listen 443 ssl;\nlisten 80; if ($scheme = http) { return 301 https://$host$request_uri; } " CHECK APP END, "" },
	{ "http { server { listen 443 ssl;\nlisten 80; if ($scheme != \"https\") { return 308 https://$host; } " CHECK APP END, "" },
	{ "http { server { listen 443 ssl;\nlisten 80; if ( $scheme = http ) { return https://$host; } " CHECK APP END, "" },
	{ "http { server { listen 443 ssl;\nlisten 80; if ($https = '') { return 301 https://$host; } " CHECK APP END, "" },
	{ "http { server { listen 443 ssl;\nlisten 80; if ($https != on) { rewrite ^ https://$host permanent; } " CHECK APP END, "" },
	{ "http { server { listen 443 ssl;\nlisten 80; if ($ssl_protocol = \"\") { rewrite ^/(.*)$ https://$host/$1; } " CHECK APP END, "" },
	{ "http { server { listen 443 ssl;\nlisten 80; if ($server_port = 80) { return 301 https://$host; } " CHECK APP END, "" },
	{ "http { server { listen 443 ssl;\nlisten 81; if ($server_port = 80) { return 301 https://$host; } " CHECK APP END, "2 plain-http" },
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

int
main(void)
{
	arena_init(&arena);
	run(guards, ARRAY_LEN(guards), "guards");
	run(headers, ARRAY_LEN(headers), "headers");
	run(checks, ARRAY_LEN(checks), "checks");
	run(servers, ARRAY_LEN(servers), "servers");
	test_versions();
	test_locations();
	test_choice();
	test_many();
	arena_free(&arena);
	return done();
}
