"""Session cookies by another hand than crypto/proof.c's: HMAC-SHA-256 of Python's library.

    proofs.py KEY COOKIE SECONDS [HEAD [MORE]]

The same proof, to end so many seconds from now, with another first byte, HEAD, and MORE behind its scopes, both
in hexadecimal digits. KEY -: with the MAC and the end that it had.
"""
import base64
import hashlib
import hmac
import struct
import sys
import time


def key_of(path, purpose=b"proof"):
    with open(path, "rb") as f:
        return hmac.new(f.read().rstrip(b"\n"), b"latchkey\0" + purpose + b"\0", hashlib.sha256).digest()


def read(cookie):
    """The bytes without the MAC."""
    return base64.urlsafe_b64decode(cookie + "=" * (-len(cookie) % 4))[:-16]


def sign(key, said):
    return base64.urlsafe_b64encode(said + hmac.new(key, said, hashlib.sha256).digest()[:16]).rstrip(b"=").decode()


def ending(key, cookie, seconds, head="", more=""):
    said = read(cookie)
    return sign(key, (bytes.fromhex(head) or said[:1]) + said[1:29] + struct.pack(">I", int(time.time()) + seconds) + said[33:] + bytes.fromhex(more))


def forged(cookie, head="", more=""):
    """With a MAC that is another's."""
    whole = base64.urlsafe_b64decode(cookie + "=" * (-len(cookie) % 4))
    return base64.urlsafe_b64encode((bytes.fromhex(head) or whole[:1]) + whole[1:-16] + bytes.fromhex(more) + whole[-16:]).rstrip(b"=").decode()


if __name__ == "__main__":
    if sys.argv[1] == "-":
        print(forged(sys.argv[2], *sys.argv[4:]))
    else:
        print(ending(key_of(sys.argv[1]), sys.argv[2], int(sys.argv[3]), *sys.argv[4:]))
