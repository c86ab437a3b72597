"""t/44-jwt.t's tokens: prints for each what was answered (by nginx and by a worker,
at /users/me and at /check), the wanted answer and the title, separated by tabs.
nginx takes no header line over 8 KiB, nor a control character: such tokens are
sent to workers alone.
"""
import base64
import hmac
import json
import os
import re
import subprocess
import time
import zlib
from peer import fcgi, http

key = open(os.environ["LK_KEY"], "rb").read().rstrip(b"\n")
now = int(time.time())
soon = now + 600
good = os.environ["LK_TOKEN"].encode()
HEAD = b'{"alg":"HS256","typ":"JWT"}'

def b64(x):
    return base64.urlsafe_b64encode(x).rstrip(b"=")

def mac(text, digest="sha256", k=key):
    return hmac.new(k, text, digest).digest()

def sign(head, claims, digest="sha256", k=key):
    """Of the parts as they stand."""
    text = head + b"." + claims
    return text + b"." + b64(mac(text, digest, k))

def token(claims=None, head=HEAD, digest="sha256", k=key):
    """Of JSON: bytes are taken as they are."""
    if claims is None:
        claims = dict(sub="ada", exp=soon)
    enc = lambda x: x if isinstance(x, bytes) else json.dumps(x, ensure_ascii=False).encode()
    return sign(b64(enc(head)), b64(enc(claims)), digest, k)

def claims(text):
    """ada's, with these bytes as one more or another claim."""
    return token(b'{"sub":"ada","exp":%d,%s}' % (soon, text))

def exp(text):
    return token(b'{"sub":"ada","exp":%s}' % text)

def sub(text):
    return token(b'{"sub":%s,"exp":%d}' % (text, soon))

def ours(text=b'', iat=now, until=soon):
    """With what Latchkey's own have, and these bytes as one more claim, or another."""
    return token(b'{"sub":"ada","exp":%d,"iat":%d,"jti":"x","uid":1%s%s}' % (until, iat, b"," if text else b"", text))

def head(**more):
    return token(head=dict(alg="HS256", typ="JWT", **more))

def openssl(*args, data=b""):
    return subprocess.run(("openssl",) + args, input=data, capture_output=True, check=True).stdout

def deflated(x):
    """By RFC 1951 alone, as zip means it."""
    z = zlib.compressobj(9, zlib.DEFLATED, -15)
    return z.compress(x) + z.flush()

def rsa_signed():
    """With a key of the attacker's own; and the public half of it."""
    openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "attacker.pem")
    public = openssl("pkey", "-in", "attacker.pem", "-pubout")
    text = b64(b'{"alg":"RS256","typ":"JWT"}') + b"." + b64(b'{"sub":"ada","exp":%d}' % soon)
    return text + b"." + b64(openssl("dgst", "-sha256", "-sign", "attacker.pem", data=text)), public

def long_token(n):
    """A good one of exactly so many characters."""
    t = claims(b'"x":"%s"' % (b"x" * ((n - len(claims(b'"x":""'))) * 3 // 4)))
    for extra in range(4):
        if len(t) < n:
            t = claims(b'"x":"%s"' % (b"x" * ((n - len(claims(b'"x":""'))) * 3 // 4 + extra)))
    assert len(t) == n, (len(t), n)
    return t

h, c, s = good.split(b".")
signature = base64.urlsafe_b64decode(s + b"=")
last = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
rsa, rsa_public = rsa_signed()
eve = token(dict(sub="eve", exp=soon))
odd = base64.urlsafe_b64encode(b'{"sub":"ada", "exp":%d}' % soon)   # its last group has one byte or two
while not odd.endswith(b"=") or odd.endswith(b"=="):
    odd = base64.urlsafe_b64encode(base64.urlsafe_b64decode(odd)[:-1] + b" }")
odd = odd.rstrip(b"=")
plus = b64(b'{"sub":"ada","exp":%d,"x":"~~~???>>>"}' % soon)
assert b"-" in plus or b"_" in plus

refused = {
    # --- algorithms: RFC 8725, 2.1 and 3.1
    "alg none without a signature": token(head=b'{"alg":"none"}').rsplit(b".", 1)[0] + b".",
    "alg None": token(head=b'{"alg":"None"}').rsplit(b".", 1)[0] + b".",
    "alg NONE": token(head=b'{"alg":"NONE"}').rsplit(b".", 1)[0] + b".",
    "alg nOnE and a signature": token(head=b'{"alg":"nOnE"}'),
    "alg none and a good signature": token(head=b'{"alg":"none"}'),
    "alg empty": token(head=b'{"alg":""}'),
    "alg hs256 in small letters": token(head=b'{"alg":"hs256"}'),
    "alg HS256 and a blank": token(head=b'{"alg":"HS256 "}'),
    "alg HS256 and an escaped NUL": token(head=b'{"alg":"HS256\\u0000"}'),
    "HS384, rightly signed": token(head=b'{"alg":"HS384"}', digest="sha384"),
    "HS512, rightly signed": token(head=b'{"alg":"HS512"}', digest="sha512"),
    "HS384 with an HS256 signature": token(head=b'{"alg":"HS384"}'),
    "HS256 with an HS512 signature": token(digest="sha512"),
    "HS256 with half of an HS512 signature": h + b"." + c + b"." + b64(mac(h + b"." + c, "sha512")[:32]),
    "HS1": token(head=b'{"alg":"HS1"}', digest="sha1"),
    "RS256 of a key of the attacker's": rsa,
    "RS256 with our key as the public one": token(head=b'{"alg":"RS256"}'),
    "HS256 with the attacker's public key": token(k=rsa_public),
    "PS256": token(head=b'{"alg":"PS256"}'),
    "ES256": token(head=b'{"alg":"ES256"}'),
    "ES256 with a signature of zeroes": h + b"." + c + b"." + b64(bytes(64)),
    "EdDSA": token(head=b'{"alg":"EdDSA"}'),
    "no alg": token(head=b'{"typ":"JWT"}'),
    "alg null": token(head=b'{"alg":null}'),
    "alg a number": token(head=b'{"alg":256}'),
    "alg an array": token(head=b'{"alg":["HS256"]}'),
    "alg an object": token(head=b'{"alg":{"HS256":1}}'),
    "alg in another member's case": token(head=b'{"ALG":"HS256"}'),
    "alg HS256 and then none": token(head=b'{"alg":"HS256","alg":"none"}'),
    "alg HS256 and then HS512": token(head=b'{"alg":"HS256","alg":"HS512"}', digest="sha512"),
    "a header that is empty": sign(b"", c),
    "a header that is no object": token(head=b'["HS256"]'),
    "a header that is no JSON": token(head=b"HS256"),
    "a header of a kind of its own, at+jwt": token(head=b'{"alg":"HS256","typ":"at+jwt"}'),
    "a header of a kind of its own, secevent+jwt": token(head=b'{"alg":"HS256","typ":"secevent+jwt"}'),
    "typ JWE": token(head=b'{"alg":"HS256","typ":"JWE"}'),
    # --- signatures: 3.2, 3.3
    "an empty signature": h + b"." + c + b".",
    "no signature and no dot": h + b"." + c,
    "a signature without its last character": good[:-1],
    "half a signature": good[:-22],
    "a signature of one byte": h + b"." + c + b"." + b64(signature[:1]),
    "a signature and a byte more": h + b"." + c + b"." + b64(signature + b"\0"),
    "a signature with one bit changed": h + b"." + c + b"." + b64(bytes([signature[0] ^ 1]) + signature[1:]),
    "a signature of zeroes": h + b"." + c + b"." + b64(bytes(32)),
    "a signature of another token": eve.rsplit(b".", 1)[0] + b"." + s,
    "a signature of the claims alone": h + b"." + c + b"." + b64(mac(c)),
    "a signature with the empty key": token(k=b""),
    "a signature with the key's newline": token(k=key + b"\n"),
    "a signature with the key's bytes, decoded": token(k=bytes.fromhex(key.decode())),
    "a signature in hexadecimal": h + b"." + c + b"." + signature.hex().encode(),
    "the claims of another, ours before and behind": h + b"." + eve.split(b".")[1] + b"." + s,
    # --- the one form of base64url: RFC 7515, 2
    "a signature with padding": good + b"=",
    "a signature of other last bits": good[:-1] + last[last.index(good[-1:]) ^ 1:][:1],
    "padding behind the claims": sign(h, odd + b"="),
    "padding behind the header": sign(base64.urlsafe_b64encode(b'{"alg":"HS256" }'), c),
    "claims of other last bits": sign(h, odd[:-1] + last[last.index(odd[-1:]) ^ 1:][:1]),
    "claims with a character too many": sign(h, b64(b'{"sub":"ada","exp":%010d}' % soon) + b"A"),   # 30 bytes, 40 characters
    "+ and / for - and _": sign(h, plus.replace(b"-", b"+").replace(b"_", b"/")),
    "a blank before it": b" \t" + good,
    "a blank within it": h + b". " + c + b"." + s,
    "a tab behind it": good + b"\t.",
    "percent signs": good.replace(b".", b"%2E"),
    "quotes around it": b'"' + good + b'"',
    # --- parts
    "a fourth part": good + b".e30",
    "a fourth part that is empty": good + b".",
    "a dot before it": b"." + good,
    "two dots in a row": h + b".." + c + b"." + s,
    "five parts, as encrypted ones have": b".".join([b64(b'{"alg":"dir","enc":"A256GCM"}'), b"", b64(b"iv" * 6), b64(b"x" * 40), b64(b"t" * 16)]),
    "five parts under our header": good + b"." + c + b"." + s,
    "its parts as JSON": b'{"protected":"%s","payload":"%s","signature":"%s"}' % (h, c, s),
    "a token in a token": token(b'"%s"' % good),
    "a comma and another": good + b"," + good,
    "two tokens": good + b" " + good,
    # --- headers that say where the key is: 3.10
    "a key of the attacker's in jwk": token(head=dict(alg="HS256", jwk=dict(kty="oct", k=b64(b"x" * 32).decode())), k=b"x" * 32),
    "a key of the attacker's by jku": token(head=dict(alg="HS256", jku="https://127.0.0.1:1/keys"), k=b"x" * 32),
    "a key of the attacker's by x5u": token(head=dict(alg="HS256", x5u="https://127.0.0.1:1/x.pem"), k=b"x" * 32),
    "a key of the attacker's in x5c": token(head=dict(alg="HS256", x5c=[base64.b64encode(b"x" * 32).decode()]), k=b"x" * 32),
    "kid as the path of an empty file": token(head=dict(alg="HS256", kid="../../../dev/null"), k=b""),
    "kid as the path of a known file": token(head=dict(alg="HS256", kid="/proc/sys/kernel/ostype"), k=b"Linux\n"),
    "kid as SQL": token(head=dict(alg="HS256", kid="x' UNION SELECT 'key';--"), k=b"key"),
    "kid as a command": token(head=dict(alg="HS256", kid="|/bin/echo key"), k=b"key\n"),
    "an extension that must be understood": head(crit=["exp"]),
    "crit that is empty": head(crit=[]),
    "crit that is null": head(crit=None),
    "claims that are not encoded, b64": head(crit=["b64"], b64=False),
    "claims as they are, b64": sign(b64(b'{"alg":"HS256","b64":false}'), b'{"sub":"ada"}'),
    # --- zip is a member of encrypted tokens' headers (RFC 7516, 4.1.3): here nothing is decompressed
    "claims that are compressed, zip": sign(b64(b'{"alg":"HS256","zip":"DEF"}'), b64(deflated(b'{"sub":"ada","exp":%d}' % soon))),
    "compressed claims of 4 MB, zip": sign(b64(b'{"alg":"HS256","zip":"DEF"}'), b64(deflated(b'{"sub":"ada","exp":%d,"x":"%s"}' % (soon, b"x" * 4000000)))),
    "compressed claims without zip": sign(h, b64(deflated(b'{"sub":"ada","exp":%d}' % soon))),
    # --- the claims' JSON: 2.4, 3.7
    "claims that are empty": token(b""),
    "claims of no member": token(b"{}"),
    "claims as an array": token(b'[{"sub":"ada","exp":%d}]' % soon),
    "claims as a text": token(b'"ada"'),
    "claims that are null": token(b"null"),
    "claims cut short": token(b'{"sub":"ada","exp":%d' % soon),
    "something behind the claims": token(b'{"sub":"ada","exp":%d}x' % soon),
    "other claims behind the claims": token(b'{"sub":"ada","exp":%d}{"sub":"eve"}' % soon),
    "a NUL behind the claims": token(b'{"sub":"ada","exp":%d}\0' % soon),
    "other claims behind a NUL": token(b'{"sub":"ada","exp":%d}\0{"sub":"eve"}' % soon),
    "a NUL behind the header": token(head=HEAD + b"\0x"),
    "a byte order mark": token(b'\xef\xbb\xbf{"sub":"ada","exp":%d}' % soon),
    "claims in UTF-16": token(('{"sub":"ada","exp":%d}' % soon).encode("utf-16-le")),
    "a comment": token(b'{"sub":"ada",/* */"exp":%d}' % soon),
    "quotes of the other kind": token(b"{'sub':'ada','exp':%d}" % soon),
    "a comma at the end": token(b'{"sub":"ada","exp":%d,}' % soon),
    "NaN": claims(b'"x":NaN'),
    "invalid UTF-8 in the subject": sub(b'"ada\xff"'),
    "an overlong form in the subject": sub(b'"ad\xc1\xa1"'),
    "a surrogate in the subject": sub(b'"\\ud800"'),
    "invalid UTF-8 elsewhere": claims(b'"x":"\xc3("'),
    "a NUL in the subject": sub(b'"ada\\u0000"'),
    "a NUL byte in the subject": sub(b'"ada\0"'),
    "a NUL in a claim's name": claims(b'"a\\u0000":1'),
    "6,000 brackets": token(b"[" * 6000),
    "2,100 arrays, closed": claims(b'"x":%s1%s' % (b"[" * 2100, b"]" * 2100)),
    # --- subjects
    "no subject": token(b'{"exp":%d}' % soon),
    "an empty subject": sub(b'""'),
    "a subject that is null": sub(b"null"),
    "a subject that is a number": sub(b"1"),
    "a subject that is true": sub(b"true"),
    "a subject that is an array": sub(b'["ada"]'),
    "a subject that is an object": sub(b'{"$ne":"eve"}'),
    "Sub for sub": token(b'{"Sub":"ada","exp":%d}' % soon),
    "a subject first, and then null": claims(b'"sub":null'),
    # --- times: 3.8 asks for all that is there
    "no expiry": token(b'{"sub":"ada"}'),
    "an expiry of null": exp(b"null"),
    "an expiry of true": exp(b"true"),
    "an expiry as a text": exp(b'"%d"' % soon),
    "an expiry of 1e400": exp(b"1e400"),
    "an expiry of 1e300": exp(b"1e300"),
    "an expiry of yesterday with a fraction": exp(b"%d.5" % (now - 86400)),
    "an expiry with a fraction in a text": exp(b'"%d.5"' % soon),
    "an expiry of -1": exp(b"-1"),
    "an expiry of 0": exp(b"0"),
    "an expiry of -2^63": exp(b"-9223372036854775808"),
    "an expiry of -2^63 - 1": exp(b"-9223372036854775809"),
    "an expiry of 2^63": exp(b"9223372036854775808"),
    "an expiry of 2^64 and a while": exp(b"%d" % (2**64 + soon)),
    "an expiry of many digits": exp(b"9" * 400),
    "an expiry with zeroes before it": exp(b"0%d" % soon),
    "an expiry with a plus": exp(b"+%d" % soon),
    "an expiry in an array": exp(b"[%d]" % soon),
    "an expiry in an object": exp(b'{"":%d}' % soon),
    "an expiry of yesterday": exp(b"%d" % (now - 86400)),
    "an expiry of later, and then of yesterday": claims(b'"exp":%d' % (now - 86400)),
    "a beginning of tomorrow": claims(b'"nbf":%d' % (now + 86400)),
    "a beginning as a text": claims(b'"nbf":"0"'),
    "a beginning of null": claims(b'"nbf":null'),
    "a beginning of 2^63": claims(b'"nbf":9223372036854775808'),
    "a birth as a text": claims(b'"iat":"0"'),
    "a birth of null": claims(b'"iat":null'),
    # --- for somebody else: 3.9
    "an audience": claims(b'"aud":"https://app.example"'),
    "several audiences": claims(b'"aud":["latchkey"]'),
    "an audience of null": claims(b'"aud":null'),
    # --- whose account
    "a number as a text": claims(b'"uid":"1"'),
    "a number of 0": claims(b'"uid":0'),
    "a negative number": claims(b'"uid":-1'),
    "a number of null": claims(b'"uid":null'),
    "a number with a fraction": claims(b'"uid":1.5'),
    "a number of 2^63": claims(b'"uid":9223372036854775808'),
    # --- what our own would not say
    "our own that begins tomorrow": ours(iat=now + 86400, until=now + 86400 + 600),
    "our own that is good for a day": ours(until=now + 86400),
    "our own that is good for ever": ours(until=9223372036854775807),
    "our own from before time": ours(iat=-9223372036854775808),
    "a jti that is a number": ours(b'"jti":5'),
    "a jti that is null": ours(b'"jti":null'),
    "a jti that is an array": claims(b'"jti":["x"]'),
    "a session that is a number": ours(b'"sid":5'),
    "a session that is null": ours(b'"sid":null'),
    "an empty session": ours(b'"sid":""'),
    "a session of 31 digits": ours(b'"sid":"%s"' % (b"a" * 31)),
    "a session of 33 digits": ours(b'"sid":"%s"' % (b"a" * 33)),
    "a session in capitals": ours(b'"sid":"%s"' % (b"A" * 32)),
    "a session with another letter": ours(b'"sid":"%sg"' % (b"a" * 31)),
    "an epoch as a text": ours(b'"ep":"0"'),
    "an epoch of null": ours(b'"ep":null'),
    "an epoch with a fraction": ours(b'"ep":0.0'),
    "an epoch below 0": ours(b'"ep":-1'),
    "an epoch of 2^31": ours(b'"ep":2147483648'),
    "an epoch of 2^64": ours(b'"ep":18446744073709551616'),
    # --- size
    "a token a character too long": long_token(8193),
    "a token of 100 KB": claims(b'"x":"%s"' % (b"x" * 75000)),
    "a subject of 65,536 characters": sub(b'"%s"' % (b"a" * 65536)),
}
session = json.loads(base64.urlsafe_b64decode(os.environ["LK_TOKEN"].split(".")[1] + "=="))["sid"].encode()
accepted = {
    "one that was just made": good,
    "one of the FastAPI application's": token(),
    "without typ": token(head=b'{"alg":"HS256"}'),
    "with a kid that nobody asks for": head(kid="../../../dev/null"),
    "with a jku that nobody fetches": head(jku="http://127.0.0.1:%s/" % os.environ["LK_PORT"]),
    "with a zip that nobody looks at": head(zip="DEF"),
    "with a zip that is no text": head(zip=[1]),
    "with an issuer": claims(b'"iss":"x"'),
    "with a fraction in its expiry": exp(b"%d.5" % soon),
    "with a fraction of zero in its expiry": exp(b"%d.0" % soon),
    "with an exponent in its expiry": exp(b"2e9"),
    "with a fraction in its beginning": claims(b'"nbf":0.5'),
    "with a fraction in its birth": claims(b'"iat":%d.25' % now),
    "with all that ours have": ours(),
    "of a session": ours(b'"sid":"%s"' % session),
    "of somebody else's, with a sid of another meaning": claims(b'"sid":5'),
    "of the epoch 0, said or not": ours(b'"ep":0'),
    "of somebody else's, with an ep of another meaning": claims(b'"ep":"seven"'),
    "born tomorrow, which the application does not mind": claims(b'"iat":%d' % (now + 86400)),
    "that names ada last of two": token(b'{"sub":"eve","sub":"ada","exp":%d}' % soon),
    "with objects in objects": claims(b'"x":%s1%s' % (b'{"":' * 900, b"}" * 900)),
    "with the largest expiry": exp(b"9223372036854775807"),
    "of the largest size": long_token(8192),
}

def ask_fcgi(path, t, scheme=b"Bearer ", uri=None, **more):
    uri = uri or (b"/check" if path == os.environ["LK_SOCKET_CHECK"] else b"/users/me")
    params = [(b"REQUEST_METHOD", b"GET"), (b"REQUEST_URI", uri)]
    if t is not None:
        params.append((b"HTTP_AUTHORIZATION", scheme + t))
    answer = fcgi(path, params + [(k.encode(), v) for k, v in more.items()])
    return who(answer)

def who(answer):
    """401, or 200 and whose."""
    if answer is None:
        return "closed"
    status, headers, body = answer
    if status != 200:
        return str(status)
    name = re.search(r"(?im)^x-auth-user: *(.*?)\r?$", headers)
    return "200/" + (name[1] if name else json.loads(body)["username"])

def ask_http(path, t, scheme=b"Bearer "):
    if len(t) > 8150 or re.search(rb"[\0\r\n]", t):
        return "-"
    found = http(os.environ["LK_PORT"], b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                 b"Authorization: " + scheme + t + b"\r\n\r\n")
    return who(found[0]) if len(found) == 1 else "%d answers" % len(found)

def tell(title, wanted, found):
    print("\t".join([" ".join(sorted(set(found) - {"-"})), wanted, title]))

def four(t, scheme=b"Bearer "):
    return (ask_http(b"/users/me", t, scheme), ask_http(b"/check", t, scheme),
            ask_fcgi(os.environ["LK_SOCKET_API"], t, scheme), ask_fcgi(os.environ["LK_SOCKET_CHECK"], t, scheme))

for title, t in refused.items():
    tell("a token is refused: " + title, "401", four(t))
for title, t in accepted.items():
    tell("a token counts: " + title, "200/ada", four(t))
tell("a token of a session without a row counts only where no database is asked", "200/ada 401", four(ours(b'"sid":"%s"' % (b"a" * 32))))
for scheme in b"bearer ", b"BEARER ", b"bEaReR    ":
    tell("the scheme may be written " + scheme.decode(), "200/ada", four(good, scheme))
for scheme in b"", b"Token ", b"Bearer", b"Bearer=", b"Bearer:", b"Bearer\t", b"JWT ", b"Basic ", b"Bearer Bearer ", b"XBearer ":
    tell("the scheme \"%s\" gets 401" % scheme.decode().replace("\t", "TAB"), "401", four(good, scheme))

# --- the longest name that has place in a header line of 8 KiB
longest = sub(b'"' + "\ud64d".encode() * 2000 + b'"')
tell("a subject of 6,000 bytes is nobody's account", "401", [ask_http(b"/users/me", longest)])
tell("a subject of 6,000 bytes comes through /check whole", "200/" + "%ED%99%8D" * 2000, [ask_http(b"/check", longest)])

# --- elsewhere than in the header
for lane, uri in (os.environ["LK_SOCKET_API"], b"/users/me"), (os.environ["LK_SOCKET_CHECK"], b"/check"):
    for title, found in {
        "no token": ask_fcgi(lane, None),
        "a token in the query": ask_fcgi(lane, None, uri=uri + b"?access_token=" + good + b"&token=" + good),
        "a token in a cookie": ask_fcgi(lane, None, HTTP_COOKIE=b"access_token=" + good + b"; Authorization=Bearer " + good),
        "a token in another header": ask_fcgi(lane, None, HTTP_X_AUTHORIZATION=b"Bearer " + good, HTTP_PROXY_AUTHORIZATION=b"Bearer " + good,
                                              AUTHORIZATION=b"Bearer " + good, REDIRECT_HTTP_AUTHORIZATION=b"Bearer " + good,
                                              http_authorization=b"Bearer " + good, HTTP_AUTHORIZATION_=b"Bearer " + good),
        "a name without a token": ask_fcgi(lane, None, REMOTE_USER=b"ada", HTTP_X_AUTH_USER=b"ada", AUTH_TYPE=b"Bearer"),
    }.items():
        tell("%s: %s does not count" % (uri.decode(), title), "401", [found])
    body = b"access_token=" + good
    answer = fcgi(lane, [(b"REQUEST_METHOD", b"GET"), (b"REQUEST_URI", uri), (b"CONTENT_LENGTH", b"%d" % len(body)),
                         (b"CONTENT_TYPE", b"application/x-www-form-urlencoded")], body)
    tell("%s: a token in the body does not count" % uri.decode(), "401", [who(answer)])
    tell("%s: of two headers with tokens the first alone counts" % uri.decode(), "401", [who(fcgi(lane, [
        (b"REQUEST_METHOD", b"GET"), (b"REQUEST_URI", uri), (b"HTTP_AUTHORIZATION", b"Bearer x"), (b"HTTP_AUTHORIZATION", b"Bearer " + good)]))])
tell("nginx refuses two headers with tokens", "400", [str(a[0]) for a in http(os.environ["LK_PORT"],
     b"GET /users/me HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + 2 * (b"Authorization: Bearer " + good + b"\r\n") + b"\r\n")])

# --- a header of 1 MiB: no request that is read
for lane in os.environ["LK_SOCKET_API"], os.environ["LK_SOCKET_CHECK"]:
    tell("a token of 1 MiB is not read: the connection is closed", "closed", [ask_fcgi(lane, b"x" * 2**20)])
tell("a worker serves on after a token of 1 MiB", "200/ada", four(good))
