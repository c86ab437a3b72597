"""Session cookies by another hand than crypto/proof.c's: HMAC-SHA-256 of Python's library.

    proofs.py KEY COOKIE SECONDS    the same proof, to end so many seconds from now
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


def ending(key, cookie, seconds):
    said = read(cookie)
    return sign(key, said[:29] + struct.pack(">I", int(time.time()) + seconds) + said[33:])


if __name__ == "__main__":
    print(ending(key_of(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
