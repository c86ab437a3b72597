"""A token with issuer and audience, read by libraries that applications use; the results as TAP.

usage: claims.py TOKEN KEY-FILE KID ISSUER AUDIENCE
"""
import base64
import sys

import jose.jwt
import jose.exceptions
import jwt

from results import done, error, ok

token, file, kid, issuer, audience = sys.argv[1:]
key = open(file, "rb").read().rstrip(b"\n")
claims = jwt.decode(token, key, algorithms=["HS256"], issuer=issuer, audience=audience)
ok(claims["sub"] == "ada", "PyJWT accepts a token of the issuer and audience that it was told", claims)
e = error(lambda: jwt.decode(token, key, algorithms=["HS256"]))
ok(isinstance(e, jwt.InvalidAudienceError), "PyJWT refuses a token with an audience that it was not told", repr(e))
e = error(lambda: jwt.decode(token, key, algorithms=["HS256"], audience=audience, issuer="other"))
ok(isinstance(e, jwt.InvalidIssuerError), "PyJWT refuses a token of another issuer than it was told", repr(e))

text = key.decode()
claims = jose.jwt.decode(token, text, algorithms=["HS256"], issuer=issuer, audience=audience)
ok(claims["sub"] == "ada", "python-jose accepts a token of the issuer and audience that it was told", claims)
e = error(lambda: jose.jwt.decode(token, text, algorithms=["HS256"]))
ok(isinstance(e, jose.exceptions.JWTError) and "audience" in str(e),
   "python-jose refuses a token with an audience that it was not told", repr(e))

# as PyJWKClient and gateways do
keys = jwt.PyJWKSet.from_dict({"keys": [
    {"kty": "oct", "kid": "other", "k": base64.urlsafe_b64encode(b"x" * 32).rstrip(b"=").decode()},
    {"kty": "oct", "kid": kid, "k": base64.urlsafe_b64encode(key).rstrip(b"=").decode()}]})
named = [k for k in keys.keys if k.key_id == jwt.get_unverified_header(token)["kid"]]
ok(len(named) == 1, "the kid of a token finds its key among several", named)
claims = jwt.decode(token, named[0].key, algorithms=["HS256"], issuer=issuer, audience=audience)
ok(claims["iss"] == issuer and claims["aud"] == audience, "the key that the kid finds verifies the token", claims)
done()
