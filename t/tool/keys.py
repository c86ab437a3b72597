"""t/56-keys.t's tokens: each algorithm against each kind of key, and what RFC 8725
and makers of test vectors think of. Prints for each what a check worker and an api
worker answered, the wanted answer and the title, separated by tabs.

    keys.py KEY_DIR KEY_FILE JWKS TOKEN

KEY_DIR's pairs are all in JWKS. TOKEN is ada's.
"""
import base64
import hashlib
import hmac
import json
import os
import secrets
import sys
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from peer import fcgi

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
FIELD = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
EDWARDS = 2**252 + 27742317777372353535851937790883648493
folder, key_file, jwks_file, token = sys.argv[1:]
now = int(time.time())


def b64(x):
    return base64.urlsafe_b64encode(x).rstrip(b"=").decode()


def unb64(x):
    return base64.urlsafe_b64decode(x + "=" * (-len(x) % 4))


with open(jwks_file) as file:
    jwks = {jwk["kid"]: jwk for jwk in json.load(file)["keys"]}
with open(key_file, "rb") as file:
    secret = file.read().rstrip(b"\n")
private, pem = {}, {}
for kid in jwks:
    with open(os.path.join(folder, kid + ".pem"), "rb") as file:
        text = file.read()
    private[kid] = serialization.load_pem_private_key(text, None)
    pem[kid] = text[text.index(b"-----BEGIN PUBLIC"):]
kid_of = {jwk["alg"]: kid for kid, jwk in jwks.items()}
assert sorted(kid_of) == ["ES256", "EdDSA", "RS256"], kid_of

# The claims of a good token, so that only header and signature can be what is wrong.
CLAIMS = token.split(".")[1]


def number(n):
    return (n % 2**256).to_bytes(32, "big")


def es256(key, text, digest=hashes.SHA256()):
    return b"".join(map(number, utils.decode_dss_signature(key.sign(text, ec.ECDSA(digest)))))


SIGN = {
    "ES256": es256,
    "EdDSA": lambda key, text: key.sign(text),
    "RS256": lambda key, text: key.sign(text, padding.PKCS1v15(), hashes.SHA256()),
}


def signed(head, signature, claims=CLAIMS):
    """signature: of the text that it is of, or bytes."""
    text = (b64(head if isinstance(head, bytes) else json.dumps(head, separators=(",", ":"), sort_keys=True).encode())
            + "." + claims)
    return text + "." + b64(signature(text.encode()) if callable(signature) else signature)


def header(alg, kid, **more):
    return {"alg": alg, "kid": kid, "typ": "JWT", **more}


def by(kid):
    return lambda text: SIGN[jwks[kid]["alg"]](private[kid], text)


def mac(key, digest="sha256"):
    return lambda text: hmac.new(key, text, digest).digest()


def ask(socket, uri, t):
    answer = fcgi(socket, [(b"REQUEST_METHOD", b"GET"), (b"REQUEST_URI", uri), (b"HTTP_AUTHORIZATION", b"Bearer " + t.encode())])
    return "closed" if answer is None else str(answer[0])


def tell(title, wanted, t):
    found = {ask(os.environ["LK_SOCKET_CHECK"], b"/check", t), ask(os.environ["LK_SOCKET_API"], b"/users/me", t)}
    print("\t".join([" ".join(sorted(found)), wanted, title]))


def refused(title, t):
    tell("keys: refused: " + title, "401", t)


def accepted(title, t):
    tell("keys: accepted: " + title, "200", t)


# --- what is right

accepted("the token that was given out", token)
for alg, kid in kid_of.items():
    accepted(f"the claims of one by the pair of {alg}, active or not", signed(header(alg, kid), by(kid)))
accepted("the claims of one by key_file", signed({"alg": "HS256", "typ": "JWT"}, mac(secret)))

# --- each algorithm with each key, under each kid

names = ["HS256", "HS384", "HS512", "ES256", "ES384", "ES512", "ES256K", "EdDSA", "Ed25519", "RS256", "RS384", "RS512",
         "PS256", "PS384", "PS512", "none", "None", "NONE", "nOnE", "", "es256", "eddsa", "rs256", "Es256", "ES256 ", " ES256",
         "ECDH-ES", "dir", "A128KW", "RSA-OAEP", None, 0, True, ["ES256"], {"ES256": 1}]
for alg in names:
    for signer, kid in kid_of.items():
        for named, other in kid_of.items():
            if (alg, alg) != (signer, named):
                refused(f"alg {alg!r}, signed by {signer}, kid of {named}", signed(header(alg, other), by(kid)))
        if alg != signer:
            refused(f"alg {alg!r}, no signature, kid of {signer}", signed(header(alg, kid), b""))

# --- HMAC with what is published: the confusion of kinds of keys

for alg, kid in kid_of.items():
    public = private[kid].public_key()
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    jwk = jwks[kid]
    published = {
        "PEM": pem[kid],
        "PEM without the last line's end": pem[kid].rstrip(b"\n"),
        "PEM with Windows' ends of lines": pem[kid].replace(b"\n", b"\r\n"),
        "base64 of its PEM": b"".join(pem[kid].split(b"\n")[1:-2]),
        "DER": der,
        "DER's last 64 bytes": der[-64:],
        "DER's last 65 bytes": der[-65:],
        "DER's last 32 bytes": der[-32:],
        "kid": kid.encode(),
        "thumbprint's bytes": unb64(kid),
        "JWK": json.dumps(jwk, separators=(",", ":")).encode(),
        "JWK with blanks": json.dumps(jwk).encode(),
        "set": open(jwks_file, "rb").read(),
    }
    for member in "x", "y", "n", "e":
        if member in jwk:
            published[f"member {member}"] = jwk[member].encode()
            published[f"member {member}'s bytes"] = unb64(jwk[member])
    for what, key in published.items():
        for name, digest in ("HS256", "sha256"), ("HS384", "sha384"), ("HS512", "sha512"):
            refused(f"{name} with the {what} of {alg} as its key", signed(header(name, kid), mac(key, digest)))
        refused(f"{alg} with a MAC by its {what}", signed(header(alg, kid), mac(key)))
        refused(f"HS256 with the {what} of {alg}, without a kid", signed({"alg": "HS256", "typ": "JWT"}, mac(key)))
    refused(f"a MAC by key_file under the name {alg}", signed(header(alg, kid), mac(secret)))
for what, key in ("nothing", b""), ("a zero", b"\0"), ("32 zeros", bytes(32)):
    refused(f"HS256 with {what} as its key", signed({"alg": "HS256", "typ": "JWT"}, mac(key)))

# --- kids of no pair: they choose nothing

kid = kid_of["ES256"]
for what, other in {
        "unknown": "unknown", "empty": "", "cut": kid[:-1], "longer": kid + "A", "of another case": kid.swapcase(),
        "of a path": "../../../../dev/null", "of the key's path": f"{folder}/{kid}.pem", "of a query": "' or 1=1 --",
        "of a command": "|sleep 5", "of 4 KiB": "k" * 4096, "a number": 0, "null": None, "a list": [kid], "true": True}.items():
    refused(f"a kid that is {what}, signed by a pair", signed(header("ES256", other), by(kid)))
    refused(f"a kid that is {what}, signed by nobody's pair",
            signed(header("ES256", other), lambda text: es256(ec.generate_private_key(ec.SECP256R1()), text)))
refused("no kid, signed by a pair", signed({"alg": "ES256", "typ": "JWT"}, by(kid)))

# --- keys and certificates that come with the token: RFC 8725, 3.10

mine = ec.generate_private_key(ec.SECP256R1())
numbers = mine.public_key().public_numbers()
own = {"kty": "EC", "crv": "P-256", "x": b64(number(numbers.x)), "y": b64(number(numbers.y))}
for more in ({"jwk": own}, {"jwk": {**own, "kid": kid}}, {"jku": "http://127.0.0.1/jwks.json"}, {"x5u": "http://127.0.0.1/x"},
             {"x5c": ["MIIB"]}, {"x5t": kid}, {"x5t#S256": kid}):
    refused(f"a key of the token's own in {next(iter(more))}, with our kid",
            signed(header("ES256", kid, **more), lambda text: es256(mine, text)))
    refused(f"{next(iter(more))} beside our kid and signature", signed(header("ES256", kid, **more), by(kid)))

# --- headers that are not to the byte ours

for what, head in {
        "an extension that must be understood": header("ES256", kid, crit=["b64"], b64=False),
        "an empty crit": header("ES256", kid, crit=[]),
        "a content type": header("ES256", kid, cty="JWT"),
        "a compression": header("ES256", kid, zip="DEF"),
        "an encryption": header("ES256", kid, enc="A128GCM"),
        "another type": {**header("ES256", kid), "typ": "secevent+jwt"},
        "no type": {"alg": "ES256", "kid": kid},
        "two algorithms": f'{{"alg":"none","alg":"ES256","kid":"{kid}","typ":"JWT"}}'.encode(),
        "two algorithms, the other first": f'{{"alg":"ES256","alg":"HS256","kid":"{kid}","typ":"JWT"}}'.encode(),
        "two kids": f'{{"alg":"ES256","kid":"x","kid":"{kid}","typ":"JWT"}}'.encode(),
        "an escape": f'{{"\\u0061lg":"ES256","kid":"{kid}","typ":"JWT"}}'.encode(),
        "a blank": f'{{"alg": "ES256","kid":"{kid}","typ":"JWT"}}'.encode(),
        "a NUL": f'{{"alg":"ES256","kid":"{kid}","typ":"JWT"}}\0'.encode()}.items():
    refused(f"a pair's token whose header has {what}", signed(head, by(kid)))

# --- signatures that are almost one, of ES256

good = signed(header("ES256", kid), by(kid))
text = good.rpartition(".")[0].encode()
raw = unb64(good.rpartition(".")[2])
r, s = (int.from_bytes(half, "big") for half in (raw[:32], raw[32:]))
head = header("ES256", kid)
edge = {"0": 0, "1": 1, "n-1": ORDER - 1, "n": ORDER, "n+1": ORDER + 1, "p": FIELD, "2^256-1": 2**256 - 1}
for one, first in edge.items():
    for two, second in edge.items():
        refused(f"ES256 with r={one}, s={two}", signed(head, number(first) + number(second)))
    refused(f"ES256 with r={one} and a right s", signed(head, number(first) + number(s)))
    refused(f"ES256 with a right r and s={one}", signed(head, number(r) + number(second)))
refused("ES256 with r and s in the other order", signed(head, number(s) + number(r)))
der = utils.encode_dss_signature(r, s)
for what, signature in {
        "in DER": der, "in DER with a byte more": der + b"\0", "of 63 bytes": raw[:-1], "of 65 bytes": raw + b"\0",
        "of 65 bytes, a zero first": b"\0" + raw, "of numbers of 33 bytes": b"\0" + raw[:32] + b"\0" + raw[32:],
        "of 96 bytes": raw + bytes(32), "of 128 bytes": raw + raw, "of 32 bytes": raw[:32], "of 1 byte": b"\0",
        "of no bytes": b"", "of 64 zeros": bytes(64), "of 132 zeros": bytes(132)}.items():
    refused(f"ES256 with a signature {what}", text.decode() + "." + b64(signature))
refused("ES256 by SHA-384", signed(head, lambda t: es256(private[kid], t, hashes.SHA384())))
refused("ES256 by another key of P-256", signed(head, lambda t: es256(mine, t)))
refused("ES256 by a key of P-384", signed(head, lambda t: b"".join(
    n.to_bytes(48, "big") for n in utils.decode_dss_signature(
        ec.generate_private_key(ec.SECP384R1()).sign(t, ec.ECDSA(hashes.SHA384()))))))
refused("ES256 with padding in base64url", good + "=")
refused("ES256 in base64 with other bits at its end", good[:-1] + chr(ord(good[-1]) + 1))
refused("ES256 with a fourth part", good + ".")
refused("ES256 with other claims", good.replace(CLAIMS, b64(unb64(CLAIMS).replace(b'"ada"', b'"eve"'))))

# --- of EdDSA

kid = kid_of["EdDSA"]
head = header("EdDSA", kid)
good = signed(head, by(kid))
raw = unb64(good.rpartition(".")[2])
s = int.from_bytes(raw[32:], "little")
identity = b"\1" + bytes(31)
for what, signature in {
        "with its order added": raw[:32] + (s + EDWARDS).to_bytes(32, "little"),
        "with its highest bit set": raw[:63] + bytes([raw[63] | 128]),
        "of zeros": bytes(64), "of the identity and 0": identity + bytes(32), "of 2^255-19 and 0": (2**255 - 19).to_bytes(32, "little") + bytes(32),
        "of 63 bytes": raw[:-1], "of 65 bytes": raw + b"\0", "of 114 bytes, as of Ed448": raw + bytes(50)}.items():
    refused(f"EdDSA with a signature {what}", good.rpartition(".")[0] + "." + b64(signature))
refused("EdDSA with the digest of the text signed", signed(head, lambda t: private[kid].sign(hashlib.sha512(t).digest())))

# --- of RS256

kid = kid_of["RS256"]
head = header("RS256", kid)
key = private[kid]
n = key.public_key().public_numbers().n
size = (n.bit_length() + 7) // 8
good = signed(head, by(kid))
raw = unb64(good.rpartition(".")[2])
PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")


def power(block):
    """Sign a block as it is, whatever its padding."""
    d = key.private_numbers().d
    return lambda t: pow(int.from_bytes(block(t), "big"), d, n).to_bytes(size, "big")


def padded(info):
    return lambda t: b"\0\1" + b"\xff" * (size - 3 - len(info(t))) + b"\0" + info(t)


def digest(t):
    return hashlib.sha256(t).digest()


accepted("RS256 with its block made by hand", signed(head, power(padded(lambda t: PREFIX + digest(t)))))
for what, block in {
        "without its prefix": padded(digest),
        "without NULL in its prefix": padded(lambda t: bytes.fromhex("302f300b0609608648016503040201") + b"\4\x20" + digest(t)),
        "with padding of 8 bytes and rubbish behind": lambda t: (b"\0\1" + b"\xff" * 8 + b"\0" + PREFIX + digest(t)).ljust(size, b"\0"),
        "with padding of zeros": lambda t: b"\0\0" + bytes(size - 3 - 51) + b"\0" + PREFIX + digest(t),
        "of encryption's kind": lambda t: b"\0\2" + b"\xff" * (size - 3 - 51) + b"\0" + PREFIX + digest(t),
        "with a length of two bytes": padded(lambda t: PREFIX.replace(b"\x30\x31", b"\x30\x81\x31", 1) + digest(t)),
        "of SHA-1": padded(lambda t: bytes.fromhex("3021300906052b0e03021a05000414") + hashlib.sha1(t).digest()),
}.items():
    refused(f"RS256 with a block {what}", signed(head, power(block)))
for what, signature in {
        "of one byte less": raw[:-1], "of one byte more": raw + b"\0", "of a zero before it": b"\0" + raw, "of zeros": bytes(size),
        "of 1": (1).to_bytes(size, "big"), "of the modulus": n.to_bytes(size, "big"), "of the modulus less 1": (n - 1).to_bytes(size, "big"),
        "of all bits": b"\xff" * size, "of 513 bytes": bytes(513), "of 4,000 bytes": bytes(4000)}.items():
    refused(f"RS256 with a signature {what}", good.rpartition(".")[0] + "." + b64(signature))
refused("RS256 as PSS", signed(head, lambda t: key.sign(t, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())))
refused("RS256 by SHA-512", signed(head, lambda t: key.sign(t, padding.PKCS1v15(), hashes.SHA512())))
refused("RS256 by another key", signed(head, lambda t: rsa.generate_private_key(65537, 2048).sign(t, padding.PKCS1v15(), hashes.SHA256())))

# --- the claims of a pair's tokens: Latchkey's own alone

for what, claims in {
        "plain": {"sub": "ada", "exp": now + 600},
        "without jti": {"sub": "ada", "exp": now + 600, "iat": now, "uid": 1},
        "expired": {"sub": "ada", "exp": now - 60, "iat": now - 600, "uid": 1, "jti": "x"},
        "for others": {"sub": "ada", "exp": now + 600, "iat": now, "uid": 1, "jti": "x", "aud": "others"},
        "of a year": {"sub": "ada", "exp": now + 31536000, "iat": now, "uid": 1, "jti": "x"}}.items():
    for alg, kid in kid_of.items():
        refused(f"claims that are {what}, by the pair of {alg}", signed(header(alg, kid), by(kid), b64(json.dumps(claims).encode())))
refused("claims that are no JSON, by a pair", signed(header("RS256", kid_of["RS256"]), by(kid_of["RS256"]), b64(secrets.token_hex(16).encode())))
