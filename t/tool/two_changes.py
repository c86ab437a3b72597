"""Two changes of a password at once, by two sessions of an account.

    two_changes.py URL TOKEN TOKEN

The password is "another staple". Prints how many were made, whether each of the others was refused as it should be,
and the statuses of /users/me: with the new tokens, and with those before.
"""
import http.client
import json
import sys
import threading
import urllib.parse

url, *tokens = sys.argv[1:]
host = urllib.parse.urlsplit(url).netloc
answers = {}


def change(i):
    c = http.client.HTTPConnection(host, timeout=30)
    body = json.dumps({"current": "another staple", "new": "number %d staple" % i})
    c.request("POST", "/users/me/password", body, {"Content-Type": "application/json", "Authorization": "Bearer " + tokens[i]})
    answer = c.getresponse()
    answers[i] = answer.status, json.loads(answer.read())


def me(token):
    c = http.client.HTTPConnection(host, timeout=30)
    c.request("GET", "/users/me", headers={"Authorization": "Bearer " + token})
    return c.getresponse().status


both = [threading.Thread(target=change, args=(i,)) for i in range(2)]
for t in both:
    t.start()
for t in both:
    t.join()
won = [i for i in answers if answers[i][0] == 200]
lost = [i for i in answers if i not in won]
print(len(won), sorted(answers[i][0] in (400, 401, 409) for i in lost),
      [me(answers[i][1]["access_token"]) for i in won], [me(t) for t in tokens])
