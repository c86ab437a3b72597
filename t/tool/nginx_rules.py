"""t/00-nginx.t's rules for nginx.conf.sample and conf/nginx, each shown to notice what it is for.
"""
import bisect
import re

def whole(text):
    """With the files of conf/nginx in the place of their includes, commented out where these are."""
    def included(m):
        lines = whole(open("conf/nginx/" + m[2]).read()).rstrip("\n").split("\n")
        return "\n".join(m[1] + line for line in lines) + m[3]
    text = re.sub(r"(?m)^[\t#]*#(?: .*)?\n", "", text)	# words
    return re.sub(r"(?m)^([\t#]*)include /etc/nginx/latchkey/([\w-]+\.conf);(.*)$", included, text)

class Directive:
    def __init__(self, words, line, parents):
        self.name, self.args, self.line, self.parents, self.inside = words[0], words[1:], line, parents, []
    def __repr__(self):
        return "%d: %s" % (self.line, " ".join([self.name] + self.args))
    def within(self, name):
        return any(p.name == name for p in self.parents)
    def all(self, name=None):
        for d in self.inside:
            if name is None or d.name == name:
                yield d
            yield from d.all(name)

TOKEN = re.compile(r'''\s+|\#[^\n]*|(?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<mark>[{};])|(?P<bare>(?:\$\{|\\.|[^\s{};"'\\])(?:\\.|\$\{\w+\}|[^\s{;\\]|\{(?=\d))*)''', re.S)

def parse(text):
    text = re.sub(r"(?m)^(\t*)#(?:\t|(?=[\w}]))", r"\1", text)
    top = Directive(["http"], 0, [])
    stack, words, at, start = [top], [], 0, 0
    ends = [m.start() for m in re.finditer("\n", text)]
    while at < len(text):
        m = TOKEN.match(text, at)
        assert m, "line %d: %.40r" % (text.count("\n", 0, at) + 1, text[at:])
        if m["quoted"] or m["bare"]:
            start = start or bisect.bisect(ends, at) + 1
            words.append(m["quoted"][1:-1] if m["quoted"] else m["bare"])
        elif m["mark"]:
            if m["mark"] == "}":
                stack.pop()
            else:
                d = Directive(words or ["?"], start, list(stack))
                stack[-1].inside.append(d)
                if m["mark"] == "{":
                    stack.append(d)
            words, start = [], 0
        at = m.end()
    assert len(stack) == 1 and not words
    return top

VARIABLE = re.compile(r"\$\{?(\w+)")
def variables(d):
    return [v for a in d.args for v in VARIABLE.findall(a)]

def maps(top):
    """Of each variable that a map makes: the map."""
    return {d.args[1].lstrip("$"): d for d in top.all("map")}

def values(m):
    return [d.args[-1] for d in m.inside if d.args]

def lane(d):
    return d.args[0].startswith("latchkey_")

def setting(parents, name):
    """What holds in a block, by its own line or an outer one's."""
    for block in reversed(parents):
        for d in block.inside:
            if d.name == name:
                return d.args

def has_expression(m):
    return any(d.name.startswith("~") for d in m.inside)

def everything(top):
    """Each directive, but a map's or a types block's rows."""
    for d in top.all():
        if not d.parents[-1].name in ("map", "types"):
            yield d

# --- the rules: what each yields is a fault ---

def joined_captures(top):
    "a numbered capture: in one string with a variable of a map that has an expression, nginx reads what is not there"
    for d in top.all():
        if any(re.search(r"\$\{?\d", a) for a in ([d.name] if d.parents[-1].name == "map" and not d.name.startswith("~") else []) + d.args):
            if d.name not in ("location", "if", "server_name"):
                yield d

FORBIDDEN = {
    "autoindex", "random_index", "index", "rewrite", "set", "ssi", "sub_filter", "addition_types", "add_before_body", "add_after_body",
    "resolver", "dav_methods", "stub_status", "mirror", "proxy_cache", "fastcgi_cache", "proxy_store", "fastcgi_store", "open_file_cache", "slice",
    "perl", "perl_set", "js_content", "js_set", "xslt_stylesheet", "image_filter", "mp4", "flv", "scgi_pass", "uwsgi_pass", "memcached_pass", "grpc_pass",
    "proxy_method", "proxy_set_body", "fastcgi_split_path_info", "fastcgi_index", "fastcgi_catch_stderr", "userid", "auth_basic", "allow", "deny", "geo", "break",
    "ssl_early_data", "ssl_client_certificate", "proxy_pass_header", "fastcgi_pass_header", "chunked_transfer_encoding", "post_action", "http2_push_preload",
}
PREFIX = re.compile(r"\^ \$latchkey_below last")  # a map, of Latchkey's own paths
def forbidden(top):
    "a directive that has no business here"
    yield from (d for d in everything(top) if d.name in FORBIDDEN and not (d.name == "rewrite" and PREFIX.fullmatch(" ".join(d.args))))
    # files belong to the front end alone, which has no other names for them
    for d in everything(top):
        if d.name in ("root", "try_files"):
            if d.parents[-1].name != "location" or d.parents[-1].args != ["/"] or set(variables(d)) - {"uri"} or d.name == "try_files" and (d.args[0] != "$uri" or d.args[-1] != "=404"):
                yield d

VALUES = {
    "merge_slashes": {"on"}, "underscores_in_headers": {"off"}, "ignore_invalid_headers": {"on"}, "server_tokens": {"off"}, "satisfy": {"all"},
    "fastcgi_request_buffering": {"on"}, "proxy_request_buffering": {"on"}, "fastcgi_intercept_errors": {"off"}, "recursive_error_pages": {"off"},
    "ssl_session_tickets": {"off"}, "ssl_reject_handshake": {"on"}, "fastcgi_max_temp_file_size": {"0"}, "msie_refresh": {"off"},
    "proxy_ssl_verify": {"on"}, "fastcgi_ignore_client_abort": {"off"}, "absolute_redirect": {"off"}, "port_in_redirect": {"off"}, "if_modified_since": {"exact"},
}
def wrong_values(top):
    "a value that opens something"
    yield from (d for d in everything(top) if d.name in VALUES and d.args[0] not in VALUES[d.name]
                # the answer to a check is nginx's alone
                and not (d.name == "fastcgi_intercept_errors" and d.parents[-1].args[-1:] == ["/latchkey-check"]))
    yield from (d for d in top.all("auth_request") if d.args == ["off"])
    yield from (d for d in top.all("ssl_protocols") if set(d.args) - {"TLSv1.2", "TLSv1.3"})
    yield from (d for d in top.all("set_real_ip_from") if re.search(r"/([0-9]|1[0-5])$|^unix:", d.args[0]))
    yield from (d for d in top.all("error_log") if d.args[1:] != ["emerg"])
    yield from (d for d in top.all("fastcgi_pass") if lane(d) and setting(d.parents, "fastcgi_pass_request_headers") != ["off"])

def unsafe_if(top):
    "an if that is more than a refusal"
    for d in top.all("if"):
        if [x.name for x in d.inside] != ["return"] or not d.inside[0].args[0].isdigit() or not re.fullmatch(r"\(\$latchkey_\w+\)", " ".join(d.args)):
            yield d

def decoded_paths(top):
    "$uri anywhere but as what a map looks at: it is decoded, line breaks too"
    yield from (d for d in top.all() if {"uri", "document_uri", "fastcgi_script_name"} & set(variables(d)) and d.name not in ("map", "try_files"))

CLIENTS = re.compile(r"http_\w+|arg_\w+|cookie_\w+|args|query_string|request_uri|request|request_body|host|remote_user|content_type|is_args|server_protocol|request_method|ssl_\w+|hostname|https")
def clients_words(top):
    "what a client says, in an answer, a file's name or an address"
    for d in everything(top):
        if d.name in ("return", "add_header", "add_trailer", "alias", "error_page", "access_log", "proxy_pass", "fastcgi_pass", "charset", "proxy_redirect", "default_type", "proxy_bind", "limit_rate"):
            yield from (d for v in variables(d) if CLIENTS.fullmatch(v))
    # A map hands on what it looked at.
    passed = {v for v, m in maps(top).items() if any(CLIENTS.fullmatch(w) for x in values(m) for w in VARIABLE.findall(x))}
    while more := {v for v, m in maps(top).items() if any(w in passed for x in values(m) for w in VARIABLE.findall(x))} - passed:
        passed |= more
    for d in everything(top):
        if d.name in ("return", "add_header", "alias", "error_page", "proxy_pass", "fastcgi_pass"):
            yield from (d for v in variables(d) if v in passed)

LOGGED = {"time_iso8601", "upstream_addr", "upstream_status", "upstream_response_time", "lk_why", "remote_addr", "time_local", "latchkey_request", "server_protocol", "status", "body_bytes_sent", "http_user_agent", "request_time", "request_id"}
def logged(top):
    "something in the log that may hold a secret"
    yield from (d for d in top.all("log_format") if set(variables(d)) - LOGGED)
    yield from (d for d in top.all("access_log") if d.args != ["off"] and d.args[1:2] not in (["latchkey"], ["latchkey_failure"]))
    for d in top.all("fastcgi_pass"):
        if lane(d) and setting(d.parents, "access_log") != ["off"] and (d.parents[-1].name != "location" or not {"access_log", "error_log"} <= {x.name for x in d.parents[-1].inside}):
            yield d

def aliases(top):
    "an alias that may lead out of its folder"
    for d in top.all("alias"):
        where = d.parents[-1].args
        if where[0] in ("~", "~*"):
            groups = dict(re.findall(r"\(\?<(\w+)>((?:[^()]|\(\?:[^()]*\))*)\)", where[1]))
            used = variables(d)
            if len(used) != 1 or used[0] not in groups or not re.fullmatch(r"\[[^]^/]+\]\+\\\.\(\?:[\w|]+\)", groups[used[0]]) or "/$" not in d.args[0] or not where[1].startswith("^") or not where[1].endswith("$"):
                yield d
        elif variables(d) or where[0] == "=" or where[-1].endswith("/") != d.args[0].endswith("/"):
            yield d

def passes(top):
    "a way to somewhere that a variable decides, other than whether a check named somebody"
    constant = {v for v, m in maps(top).items() if not any("$" in x for x in values(m))}
    lanes = {v for v, m in maps(top).items() if all(re.fullmatch("latchkey_(check|api|login)", x) for x in values(m))}
    named = {d.args[0].lstrip("$"): d.args[1].lstrip("$") for d in top.all("auth_request_set")}
    for d in everything(top):
        if d.name in ("proxy_pass", "fastcgi_pass"):
            yield from (d for v in variables(d) if named.get(v) not in constant and v not in lanes)

WANTED = {"Strict-Transport-Security", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "Content-Security-Policy", "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy"}
def headers(top):
    "an answer of Latchkey's or of a guarded application without the headers that protect"
    for location in top.all("location"):
        if any(d.name == "fastcgi_pass" and lane(d) and "internal" not in [x.name for x in location.inside] or d.name in ("auth_request", "alias") for d in location.inside):
            block = next((p for p in [location] + location.parents[::-1] if any(d.name == "add_header" for d in p.inside)), None)
            got = {d.args[0] for d in block.inside if d.name == "add_header"} if block else set()
            but = {"Cross-Origin-Opener-Policy"} if location.args[-1] == "/docs/oauth2-redirect" else {"Strict-Transport-Security"} if block and block.name == "server" else set()
            if WANTED - got - but:
                yield location
    yield from (d for d in top.all("add_header") if d.args[-1] != "always" or d.parents[-1].name == "if")

def guards(top):
    "a guarded location that passes on what is Latchkey's alone, or does not ask whether somebody was named"
    for location in top.all("location"):
        if any(d.name == "auth_request" for d in location.inside):
            sets = {(d.args[0], d.args[1]) for d in location.inside if d.name == "proxy_set_header"}
            if not sets >= {("X-Auth-User", "$latchkey_user"), ("X-Auth-User-Plain", "$latchkey_user_plain"), ("X-Auth-User-Id", "$latchkey_user_id"), ("X-Auth-Expires", "$latchkey_expires"), ("X-Auth-Scope", "$latchkey_scope"), ("X-Auth-Session", "$latchkey_session"), ("Authorization", ""), ("Cookie", "$latchkey_app_cookies")}:
                yield location
            yield from (d for d in location.inside if d.name == "proxy_pass" and not d.args[0].endswith("$latchkey_nobody"))

def error_targets(top, d):
    of = maps(top).get(d.args[-1][1:]) if d.args[-1].startswith("$") else None
    return values(of) if of is not None else d.args[-1:]

def places(top):
    "a location by an expression without its ends, or an answer's own location that clients can ask for"
    own = {a for d in top.all("error_page") for a in error_targets(top, d)} | {d.args[0] for d in top.all("auth_request")}
    for d in top.all("location"):
        if d.args[0] in ("~", "~*") and not (d.args[1].startswith("^/") and d.args[1].endswith(("$", "$)", "\\z"))):
            yield d
        if d.args[-1] in own and not d.args[-1].startswith("@") and "internal" not in [x.name for x in d.inside]:
            yield d
    yield from (d for d in top.all("error_page") if not all(re.match(r"[/@][\w-]+$", a) for a in error_targets(top, d)))

def strangers(top):
    "an address whose default server answers, or a server that answers without a name of its own"
    servers = [d for d in top.inside if d.name == "server" and d.inside]
    silent = {listen.args[0] for server in servers if [d.args for d in server.all("return") if d.parents[-1].args in ([], ["/"])] == [["444"]] and not [d for d in server.all() if d.name.endswith("_pass") or d.name in ("root", "alias")]
              for listen in server.inside if listen.name == "listen" and "default_server" in listen.args}
    for server in servers:
        for listen in (d for d in server.inside if d.name == "listen"):
            if listen.args[0] not in silent or "default_server" not in listen.args and "server_name" not in [d.name for d in server.inside]:
                yield listen

def kept_values(top):
    "a map of what changes in the course of a request that keeps its first value"
    moving = {"status", "request_completion"}
    while True:
        found = {v for v, m in maps(top).items() if any(w in moving or w.startswith(("upstream_", "sent_")) for a in [m.args[0]] + values(m) for w in VARIABLE.findall(a))}
        if found <= moving:
            break
        moving |= found
    yield from (m for v, m in maps(top).items() if v in moving and "volatile" not in [d.name for d in m.inside])

RULES = joined_captures, forbidden, wrong_values, unsafe_if, decoded_paths, clients_words, logged, aliases, passes, headers, guards, places, strangers, kept_values

# --- what each has to notice: (rule, where: before a line, what) ---

HTTP, SERVER, LOCATION = "log_format latchkey", "\tserver_tokens off;", "\t\tfastcgi_pass latchkey_login;"
GUARD = "\t#\tproxy_set_header X-Auth-User $latchkey_user;"
PLANTED = [(rule, where, what) for rule, rows in {
    joined_captures: [(LOCATION, 'fastcgi_param X "$1$latchkey_hsts";'), (SERVER, "location ~ ^/a/(.*)$ { return 404 ${1}; }"), (HTTP, 'map $host $x { ~(.*) "$1"; }'), (HTTP, "map $host $x { a $2; }")],
    forbidden: [(SERVER, "%s x;" % name) for name in sorted(FORBIDDEN)] + [(LOCATION, "autoindex on;"), (GUARD, "\t#\tssi on;")]
               + [(SERVER, "root /x;"), (LOCATION, "root /x;"), (SERVER, "location / { root $host; }"), (SERVER, "location / { try_files $uri /x; }"), (SERVER, "location / { try_files $arg_x =404; }"), (SERVER, "location /x { root /x; }")],
    wrong_values: [(SERVER, "merge_slashes off;"), (SERVER, "underscores_in_headers on;"), (SERVER, "ignore_invalid_headers off;"), (LOCATION, "fastcgi_request_buffering off;"),
                   (SERVER, "satisfy any;"), (SERVER, "auth_request off;"), (SERVER, "\t#\tssl_protocols TLSv1.1 TLSv1.2;"), (SERVER, "set_real_ip_from 0.0.0.0/0;"),
                   (SERVER, "error_log /x info;"), (SERVER, "error_log /x crit;"), (SERVER, "fastcgi_max_temp_file_size 1m;"), (SERVER, "ssl_session_tickets on;"),
                   (SERVER, "location = /x { fastcgi_pass latchkey_api; }")],
    unsafe_if: [(LOCATION, "if ($latchkey_foreign) { rewrite ^ /x; }"), (SERVER, "if ($request_method = POST) { return 405; }"), (SERVER, "if ($latchkey_foreign) { return https://$host; }"),
                (LOCATION, "if ($latchkey_foreign) { add_header X y; return 444; }"), (SERVER, "if (-f $request_filename) { return 404; }")],
    decoded_paths: [(SERVER, "location /x { return 307 $uri; }"), (LOCATION, "fastcgi_param REQUEST_URI $uri;"), (SERVER, "location /x { return 307 https://a${document_uri}; }"),
                    (HTTP, "map $host $x { default $uri; }"), (GUARD, "\t#\tproxy_set_header X-Path $uri;")],
    clients_words: [(SERVER, "location /x { return 307 $request_uri; }"), (SERVER, "location /x { return 307 https://$host/; }"), (LOCATION, "add_header X $http_origin always;"),
                    (SERVER, "location /x/ { proxy_pass http://$arg_to; }"), (SERVER, "location /x { return 200 $latchkey_app_cookies; }"), (SERVER, "location /x { alias /x/$cookie_y; }"),
                    (SERVER, "access_log /x/$host.log latchkey;"), (SERVER, "error_page 404 /x$args;")],
    logged: [(HTTP, "log_format x '$request';"), (HTTP, "log_format x '$http_referer';"), (HTTP, "log_format x '$remote_addr $request_uri';"), (SERVER, "access_log /x combined;"), (SERVER, "access_log /x;"), (HTTP, "log_format x '$http_authorization $request_body';"),
             (SERVER, "location = /x { fastcgi_pass latchkey_api; }")],
    aliases: [(SERVER, "location /x { alias /srv/x/; }"), (SERVER, "location ~ ^/x/(?<y>.*)$ { alias /srv/$y; }"), (SERVER, "location ~ ^/x/(?<y>[^.]+)$ { alias /srv/$y; }"),
              (SERVER, r"location ~ ^/x/(?<y>[\w/]+\.(?:css))$ { alias /srv/$y; }"), (SERVER, r"location ~ ^/x/(?<y>[\w]+\.(?:css))$ { alias /srv$y; }"), (SERVER, "location /x/ { alias /srv/$host/; }")],
    passes: [(SERVER, "location /x/ { proxy_pass http://$latchkey_hsts; }"), (SERVER, "location /x/ { fastcgi_pass $latchkey_user; }"), (SERVER, "location /x/ { proxy_pass http://a$latchkey_request; }")],
    headers: [(LOCATION, "location /token/x { fastcgi_pass latchkey_api; add_header X y always; }"), (SERVER, "add_header X y;"), (SERVER, "location = /x { fastcgi_pass latchkey_api; add_header X-Frame-Options DENY always; }"),
              (SERVER, "location = /x { fastcgi_pass latchkey_api; }"), (SERVER, "location /x/ { auth_request /latchkey-check; add_header X-Frame-Options DENY always; }"), (SERVER, "location /x/ { alias /x/; }")],
    guards: [(SERVER, "location /x/ { auth_request /latchkey-check; proxy_pass http://127.0.0.1:1$latchkey_nobody; }"), (GUARD, "\t#\tproxy_pass http://127.0.0.1:1;")],
    places: [(SERVER, "location ~ /x$ { return 404; }"), (SERVER, "location ~ ^/x { return 404; }"), (SERVER, "location = /latchkey-check { return 200; }"), (SERVER, "error_page 404 https://x/;"), (SERVER, "error_page 404 $latchkey_hsts;"), (SERVER, "location = /latchkey-denied { return 200; }")],
    strangers: [("server {\n\tlisten 127.0.0.1:8001;", what) for what in ("server { listen 127.0.0.1:1; }", "server { listen 127.0.0.1:8000; location / { return 404; } }",
                "server { listen 127.0.0.1:1 default_server; server_name x; location / { return 200; } }", "server { listen 127.0.0.1:1 default_server; location / { return 444; } location /x { root /x; } }")],
    kept_values: [(HTTP, "map $status $x { 404 y; }"), (HTTP, "map $upstream_http_x $x { a b; }"), (HTTP, "map $lk_detail $x { a b; }"), (HTTP, "map $host $x { a $lk_why; }"), (HTTP, "map $sent_http_x $x { a b; }")],
}.items() for where, what in rows]

text = whole(open("nginx.conf.sample").read())
def tell(ok, title, *why):
    print("%s\t%s\t%s" % ("ok" if ok else " ".join(map(str, why)) or "no", "ok", title))
top = parse(text)
tell(len(list(top.all())) > 150, "nginx.conf.sample is read")
for rule in RULES:
    faults = list(rule(top))
    tell(not faults, "nginx.conf.sample does not have " + rule.__doc__, faults)
missed = {}
for rule, where, what in PLANTED:
    assert where in text, where
    for place in {text.index(where), text.rindex(where)}:
        if not list(rule(parse(text[:place] + what + "\n" + text[place:]))):
            missed.setdefault(rule.__name__, []).append(what)
for rule in RULES:
    n = sum(r is rule for r, _, _ in PLANTED)
    tell(n and rule.__name__ not in missed, "%d planted examples are noticed: %s" % (n, rule.__doc__), missed.get(rule.__name__))
