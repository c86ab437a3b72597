"""OAuth libraries for Python as confidential clients of a running service; the results as TAP.

usage: oauth_clients.py URL CLIENT_ID CLIENT_SECRET USERNAME PASSWORD
"""
import os
import sys
import time
from unittest import mock

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"     # there is no TLS on this machine's own address

from authlib.integrations.requests_client import OAuth2Session
from oauthlib.oauth2 import BackendApplicationClient, InvalidClientError, InvalidScopeError, LegacyApplicationClient
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session as RequestsSession

from results import done, error, ok

url, client_id, secret, username, password = sys.argv[1:]
ENDPOINT = url + "/oauth2/token"

def requests_oauthlib():
    own = RequestsSession(client=BackendApplicationClient(client_id=client_id, scope=["read"]))
    token = own.fetch_token(ENDPOINT, auth=HTTPBasicAuth(client_id, secret))
    ok(token["scope"] == ["read"], "requests-oauthlib: a token of the client by Basic", token)
    token = own.fetch_token(ENDPOINT, client_id=client_id, client_secret=secret, include_client_id=True)
    ok(token["scope"] == ["read"], "requests-oauthlib: a token of the client by the body", token)
    e = error(lambda: own.fetch_token(ENDPOINT, auth=HTTPBasicAuth(client_id, "wrong")))
    ok(isinstance(e, InvalidClientError), "requests-oauthlib: a wrong secret is InvalidClientError", repr(e))
    admin = RequestsSession(client=BackendApplicationClient(client_id=client_id, scope=["admin"]))
    e = error(lambda: admin.fetch_token(ENDPOINT, auth=HTTPBasicAuth(client_id, secret)))
    ok(isinstance(e, InvalidScopeError), "requests-oauthlib: a scope of others is InvalidScopeError", repr(e))

    kept = []
    user = RequestsSession(client=LegacyApplicationClient(client_id=client_id, scope=["offline_access"]), auto_refresh_url=ENDPOINT,
                           auto_refresh_kwargs={"client_id": client_id, "client_secret": secret}, token_updater=kept.append)
    user.fetch_token(ENDPOINT, username=username, password=password, auth=HTTPBasicAuth(client_id, secret))
    ok(user.get(url + "/users/me").json()["username"] == username, "requests-oauthlib: a user's token")
    user.token["expires_in"] = -1
    user.token = {**user.token, "expires_at": time.time() - 1}
    ok(user.get(url + "/users/me").json()["username"] == username and len(kept) == 1, "requests-oauthlib renews by itself", kept)


def authlib():
    for method in ("client_secret_basic", "client_secret_post"):
        own = OAuth2Session(client_id, secret, scope="read", token_endpoint_auth_method=method)
        token = own.fetch_token(ENDPOINT, grant_type="client_credentials")
        ok(token["scope"] == "read", f"Authlib, {method}: a token of the client", token)
        ok(own.introspect_token(url + "/oauth2/introspect", token["access_token"]).json()["active"] is True, f"Authlib, {method}: introspection")
        ok(own.revoke_token(url + "/oauth2/revoke", token["access_token"]).status_code == 200, f"Authlib, {method}: revocation")
        user = OAuth2Session(client_id, secret, scope="offline_access", token_endpoint=ENDPOINT, token_endpoint_auth_method=method)
        first = user.fetch_token(ENDPOINT, grant_type="password", username=username, password=password)
        later = time.time() + first["expires_in"] + 1
        with mock.patch("time.time", lambda: later):
            user.ensure_active_token(user.token)
        ok(user.token["refresh_token"] != first["refresh_token"], f"Authlib, {method}: renews by itself", user.token)


requests_oauthlib()
authlib()
done()
