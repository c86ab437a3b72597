"""t/36-headers.t's requests: headers that servers, proxies and frameworks know, at /check.
"""
import collections
import os
import socket

NAMES = """
A-IM Accept Accept-Additions Accept-CH Accept-Charset Accept-Datetime Accept-Encoding Accept-Features Accept-Language Accept-Patch Accept-Post Accept-Ranges
Access-Control-Allow-Credentials Access-Control-Allow-Headers Access-Control-Allow-Methods Access-Control-Allow-Origin Access-Control-Request-Headers
Access-Control-Request-Method Access-Control-Request-Private-Network Age Allow ALPN Alt-Svc Alt-Used Apply-To-Redirect-Ref Authentication-Info Authorization
Cache-Control Cal-Managed-ID CalDAV-Timezones CDN-Cache-Control CDN-Loop Cert-Not-After Clear-Site-Data Client-Cert Client-Cert-Chain Client-IP Close Connection
Content-Digest Content-Disposition Content-Encoding Content-ID Content-Language Content-Length Content-Location Content-MD5 Content-Range Content-Type
Cookie Cookie2 Cross-Origin-Opener-Policy CTA-Common-Access-Token DASL Date DAV Delta-Base Deprecation Depth Destination Device-Memory Device-Stock-UA DNT Downlink
DPoP DPR Early-Data ECT EDIINT-Features ETag Expect Expect-CT Expires Fastly-Client-IP Forwarded From Front-End-Https GetProfile Hobareg Host HTTP2-Settings
If If-Match If-Modified-Since If-None-Match If-Range If-Schedule-Tag-Match If-Unmodified-Since IM Include-Referred-Token-Binding-ID Isolation Keep-Alive Label
Last-Event-ID Last-Modified Link Location Lock-Token Max-Forwards Memento-Datetime Meter Method-Check MIME-Version Negotiate Nel OData-Version Ordering-Type Origin
Origin-Agent-Cluster OSCORE OSLC-Core-Version Overwrite P3P Ping-From Ping-To Position Pragma Prefer Preference-Applied Priority Proxy Proxy-Authenticate
Proxy-Authentication-Info Proxy-Authorization Proxy-Connection Proxy-Status Purpose Range Redirect-Ref Referer Remote-Addr Remote-Groups Remote-Host Remote-User
REMOTE_ADDR REMOTE_USER Repeatability-Client-ID Replay-Nonce Repr-Digest Request-Id Request-Method Request-Uri REQUEST_METHOD REQUEST_URI Retry-After RTT Save-Data
Schedule-Reply Schedule-Tag Sec-CH-UA Sec-CH-UA-Mobile Sec-CH-UA-Platform Sec-Fetch-Dest Sec-Fetch-Mode Sec-Fetch-Site Sec-Fetch-User Sec-GPC Sec-Purpose
Sec-Token-Binding Sec-WebSocket-Accept Sec-WebSocket-Extensions Sec-WebSocket-Key Sec-WebSocket-Protocol Sec-WebSocket-Version Server Server-Timing
Service-Worker Service-Worker-Navigation-Preload Set-Cookie Set-Txn Signature Signature-Input SLUG SoapAction SSL-Client-Cert SSL-Client-Verify SSL_CLIENT_S_DN
Status Status-URI Strict-Transport-Security Surrogate-Capability Surrogate-Control TCN TE Timeout Timing-Allow-Origin Token Topic Traceparent Tracestate Trailer
Transfer-Encoding True-Client-IP TTL Upgrade Upgrade-Insecure-Requests Urgency URI User-Agent Variant-Vary Vary Via Viewport-Width Want-Content-Digest Want-Repr-Digest
Warning Width WWW-Authenticate X X-Accel-Buffering X-Accel-Charset X-Accel-Expires X-Accel-Internal X-Accel-Limit-Rate X-Accel-Mapping X-Accel-Redirect
X-Access-Token X-Amz-Date X-Amz-Security-Token X-Amzn-Oidc-Accesstoken X-Amzn-Oidc-Data X-Amzn-Oidc-Identity X-Amzn-Trace-Id X-Api-Key X-Appengine-User-Email X-Auth
X-Auth-Email X-Auth-Expires X-Auth-Groups X-Auth-Key X-Auth-Request-Access-Token X-Auth-Request-Email X-Auth-Request-Groups X-Auth-Request-Redirect
X-Auth-Request-User X-Auth-Role X-Auth-Roles X-Auth-Token X-Auth-User X-Auth-User-Id X-Auth-Username X-Authenticated-Groups X-Authenticated-User
X-Authenticated-Userid X-Authentication X-Authorization X-Azure-ClientIP X-Azure-FDID X-B3-TraceId X-Backend X-CDN X-Client-Cert X-Client-Dn X-Client-IP X-Cluster-Client-IP
X-Consumer-Custom-ID X-Consumer-ID X-Consumer-Username X-Correlation-ID X-Credential-Identifier X-Csrf-Token X-Custom-IP-Authorization X-Debug X-Envoy-External-Address
X-Envoy-Internal X-Envoy-Original-Path X-Forward-For X-Forwarded X-Forwarded-Access-Token X-Forwarded-By X-Forwarded-Client-Cert X-Forwarded-Email X-Forwarded-For
X-Forwarded-Groups X-Forwarded-Host X-Forwarded-Method X-Forwarded-Path X-Forwarded-Port X-Forwarded-Preferred-Username X-Forwarded-Prefix X-Forwarded-Proto
X-Forwarded-Scheme X-Forwarded-Server X-Forwarded-Ssl X-Forwarded-Tls-Client-Cert X-Forwarded-Uri X-Forwarded-User X-GitLab-Token X-Goog-Authenticated-User-Email
X-Goog-Iap-Jwt-Assertion X-Grafana-User X-Host X-HTTP-Destinationurl X-HTTP-Host-Override X-HTTP-Method X-HTTP-Method-Override X-Id-Token X-Internal X-Is-Admin
X-JWT-Assertion X-Kubernetes-User X-Latchkey-User X-Localhost X-Method-Override X-MS-Client-Principal X-MS-Client-Principal-Id X-MS-Client-Principal-Name X-No-Auth
X-Original-Forwarded-For X-Original-Host X-Original-Method X-Original-Remote-Addr X-Original-URI X-Original-URL X-Originating-IP X-Override-URL X-Permissions
X-ProxyUser X-ProxyUser-IP X-Proxy-URL X-Proxy-User X-Real-IP X-Real-Port X-Referrer X-Remote-Addr X-Remote-Email X-Remote-Group X-Remote-Groups X-Remote-IP
X-Remote-User X-Request-ID X-Request-URI X-Requested-With X-Rewrite-URL X-Roles X-Scheme X-Secret X-Sendfile X-Service-Token X-Session X-Session-Token
X-SSL-Client-CN X-SSL-Client-DN X-SSL-Client-Verify X-Sudo X-Token X-True-IP X-UIDH X-URL-Scheme X-User X-User-Email X-User-Id X-User-Name X-User-Role X-Username
X-Vault-Token X-VerifiedUser X-WAP-Profile X-WebAuth-User X-Webauth-Email X_Auth_User X.Auth.User HTTP_AUTHORIZATION HTTP_X_AUTH_USER CONTENT_LENGTH GATEWAY_INTERFACE PATH_INFO
QUERY_STRING AUTH_TYPE HTTPS Sec-Secret Cf-Access-Jwt-Assertion Cf-Access-Authenticated-User-Email CF-Connecting-IP Tailscale-User-Login Dapr-Api-Token
""".split()
VALUES = [b"", b"0", b"1", b"-1", b"35", b"ada", b"admin", b"true", b"*", b"/", b"GET", b"200", b"localhost", b"127.0.0.1", b"http://127.0.0.1/metrics",
          b"Bearer " + b"eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEiLCJleHAiOjk5OTk5OTk5OTl9.", b"Basic YWRtaW46YWRtaW4=", b"chunked", b"100-continue", b"\xff\x80 \"'<>%00;=" + b"x" * 1000]
assert len(NAMES) == len({n.lower() for n in NAMES}) >= 300 and len(VALUES) == 20, len(NAMES)

PORT = int(os.environ["LK_PORT"])

class Client:
    """One connection, until nginx closes it."""
    def __init__(self):
        self.socket = None
    def ask(self, *what):
        """A status for each request; where nginx takes but one a connection, ask for one."""
        if self.socket is None:
            self.socket = socket.create_connection(("127.0.0.1", PORT), 20)
            self.file = self.socket.makefile("rb")
        self.socket.sendall(b"".join(what))
        return [self.read() for _ in what]
    def read(self):
        """The status; None: the connection was closed instead. 100 is no answer yet."""
        while True:
            try:
                line = self.file.readline()
            except ConnectionResetError:  # a body that did not come
                line = b""
            if not line:
                self.socket = None
                return None
            status, length, close = int(line[9:12]), 0, False
            while (line := self.file.readline()) not in (b"\r\n", b""):
                name, _, value = line.lower().partition(b":")
                length = int(value) if name == b"content-length" else length
                close |= name == b"connection" and b"close" in value
            self.file.read(length)
            if status != 100:
                self.socket = None if close else self.socket
                return status

client, found = Client(), collections.Counter()
refused = collections.defaultdict(set)
ALONE = "Connection", "Content-Length", "Expect", "Host", "Transfer-Encoding", "Upgrade"
for name in NAMES:
    requests = []
    for value in VALUES:
        lines = name.encode() + b": " + value + b"\r\n"
        if name != "Host":
            lines = b"Host: localhost\r\n" + lines
        body = b""
        if name == "Content-Length" and value in (b"1", b"35", b"200"):
            body = b"x" * int(value)
        if name == "Transfer-Encoding" and value == b"chunked":
            body = b"0\r\n\r\n"
        requests.append(b"GET /check HTTP/1.1\r\n" + lines + b"\r\n" + body)
    statuses = [client.ask(r)[0] for r in requests] if name in ALONE else client.ask(*requests)
    found.update(statuses)
    refused[name] = {(status, i) for i, status in enumerate(statuses) if status != 401}
refused = {name: those for name, those in refused.items() if those}

def tell(title, wanted, got):
    print("%s\t%s\t%s" % (got, wanted, title))
tell("%d headers, %d values: each is answered" % (len(NAMES), len(VALUES)), len(NAMES) * len(VALUES), sum(found.values()))
tell("no header but a good Authorization opens /check", "[]", [s for s in found if s is not None and s < 400])
tell("headers that change the request alone get another answer than 401", "['Content-Length', 'Host', 'Transfer-Encoding']", sorted(refused))
def by(name):
    statuses = collections.defaultdict(list)
    for status, i in sorted(refused[name], key=lambda x: x[1]):
        statuses[str(status)].append(i)
    return dict(statuses)
tell("a Content-Length that is not one gets 400", {"400": [i for i in range(20) if VALUES[i] not in (b"0", b"1", b"35", b"200")]}, by("Content-Length"))
tell("a Transfer-Encoding that nginx does not know gets 501", {"501": [i for i in range(20) if VALUES[i] != b"chunked"]}, by("Transfer-Encoding"))
tell("a Host of another server gets no answer, and one that is not a host 400", "[None, 400]", sorted({s for s, _ in refused["Host"]}, key=str)[::-1])
tell("a Host of this server alone gets 401", "[b'localhost', b'127.0.0.1']", [VALUES[i] for i in range(20) if i not in {j for _, j in refused["Host"]}])
