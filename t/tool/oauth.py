"""OAuth libraries for Python against a running service; the results as TAP.

usage: oauth.py URL USERNAME PASSWORD LIFETIME_S
"""
import os
import sys
import time
from unittest import mock

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"     # there is no TLS on this machine's own address

from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from oauthlib.oauth2 import InvalidGrantError, LegacyApplicationClient, TokenExpiredError, UnsupportedGrantTypeError
from requests_oauthlib import OAuth2Session as RequestsSession

from results import done, error, ok

url, username, password, life = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
said = "Incorrect username or password"

def later():
    """The clock after the token's end."""
    end = time.time() + life + 1
    return mock.patch("time.time", lambda: end)

def requests_oauthlib():
    def fetch(secret):
        session = RequestsSession(client=LegacyApplicationClient(client_id="web"))
        session.fetch_token(url + "/token", username=username, password=secret)
        return session
    session = fetch(password)
    ok(session.token["expires_in"] == life, "requests-oauthlib reads a token and its lifetime", session.token)
    ok(session.get(url + "/users/me").json()["username"] == username, "requests-oauthlib: the token counts")
    with later():
        e = error(lambda: session.get(url + "/users/me"))
    ok(isinstance(e, TokenExpiredError), "requests-oauthlib knows when a token has expired", repr(e))
    e = error(lambda: fetch("wrong"))
    ok(isinstance(e, InvalidGrantError) and e.description == said,
       "requests-oauthlib: a wrong password is InvalidGrantError", repr(e))
    e = error(lambda: session.refresh_token(url + "/token", refresh_token="x"))
    ok(isinstance(e, UnsupportedGrantTypeError), "requests-oauthlib: a refresh is UnsupportedGrantTypeError", repr(e))

def authlib():
    session = OAuth2Session(client_id="web", token_endpoint_auth_method="none")
    fetch = lambda secret: session.fetch_token(url + "/token", grant_type="password", username=username, password=secret)
    token = fetch(password)
    ok(token["expires_in"] == life and token.is_expired() is False, "Authlib: a new token has not expired", token)
    with later():
        ok(token.is_expired() is True, "Authlib knows when a token has expired")
    e = error(lambda: fetch("wrong"))
    ok(isinstance(e, OAuthError) and (e.error, e.description) == ("invalid_grant", said),
       "Authlib: a wrong password is OAuthError invalid_grant", repr(e))
    e = error(lambda: session.refresh_token(url + "/token", refresh_token="x"))
    ok(isinstance(e, OAuthError) and e.error == "unsupported_grant_type",
       "Authlib: a refresh is OAuthError unsupported_grant_type", repr(e))

requests_oauthlib()
authlib()
done()
