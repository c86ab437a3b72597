"""A list of things to do for each account: FastAPI beside Latchkey.

    LATCHKEY_KEY=/etc/todos/key uvicorn todos:app --port 9001       checks tokens by itself
    BEHIND_NGINX=1 uvicorn todos:app --port 9001                    nginx checks them (latchkey-gate.conf)
"""
import os
from collections import defaultdict
from urllib.parse import unquote

from fastapi import Depends, FastAPI, Header, HTTPException
from fastapi.security import OAuth2PasswordBearer
from jose import JWTError, jwt
from pydantic import BaseModel, constr

app = FastAPI(docs_url="/todos/docs", openapi_url="/todos/openapi.json")


class User(BaseModel):
    id: int  # the account's number: it stays when a name changes
    name: str


class Todo(BaseModel):
    title: constr(min_length=1, max_length=200)


def refused():
    return HTTPException(401, "Could not validate credentials", {"WWW-Authenticate": "Bearer"})


if os.environ.get("BEHIND_NGINX"):
    # nginx has checked the token, and sets these headers itself: so nobody but nginx may reach this port.
    def current_user(x_auth_user_id: int = Header(), x_auth_user: str = Header()) -> User:
        return User(id=x_auth_user_id, name=unquote(x_auth_user))
else:
    with open(os.environ["LATCHKEY_KEY"], "rb") as file:
        KEY = file.read().rstrip(b"\r\n").decode()  # the file's text is the key, not what it is in hexadecimal

    def current_user(token: str = Depends(OAuth2PasswordBearer(tokenUrl="/token"))) -> User:
        try:
            claims = jwt.decode(token, KEY, algorithms=["HS256"], options={"require_exp": True})
            return User(id=claims["uid"], name=claims["sub"])  # no uid: signed by the same key for something else
        except (JWTError, KeyError, ValueError):
            raise refused()


todos = defaultdict(dict)  # in the place of a table with a column for the account's number


@app.get("/todos/")
def list_todos(user: User = Depends(current_user)):
    return [{"id": number, "title": title} for number, title in todos[user.id].items()]


@app.post("/todos/", status_code=201)
def add_todo(todo: Todo, user: User = Depends(current_user)):
    number = max(todos[user.id], default=0) + 1
    todos[user.id][number] = todo.title
    return {"id": number, "title": todo.title}


@app.delete("/todos/{number}", status_code=204)
def delete_todo(number: int, user: User = Depends(current_user)):
    if todos[user.id].pop(number, None) is None:
        raise HTTPException(404, "Not Found")
