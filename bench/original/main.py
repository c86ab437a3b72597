"""The back end that Latchkey replaces, as FastAPI tutorials build it, measured beside it.

It does its work the way they do: a login is an async function that asks the database and computes bcrypt
itself, so that its process does nothing else meanwhile; a sign-up is a plain function, in a thread.

From the environment: DATABASE_URL, SECRET_KEY, and POOL_SIZE, without which SQLAlchemy's own pool (5, and
up to 10 more) is taken.
"""
import os
from datetime import datetime, timedelta, timezone
from typing import Optional

from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm
from jose import JWTError, jwt
from passlib.context import CryptContext
from pydantic import BaseModel
from sqlalchemy import Boolean, Column, Integer, String, create_engine
from sqlalchemy.orm import Session, declarative_base, sessionmaker

SECRET_KEY = os.environ["SECRET_KEY"]
ALGORITHM = "HS256"
TOKEN_MINUTES = 30

# --- the database ---

pool = {}
if "POOL_SIZE" in os.environ:
    pool = {"pool_size": int(os.environ["POOL_SIZE"]), "max_overflow": 0}
engine = create_engine(os.environ["DATABASE_URL"], **pool)
SessionLocal = sessionmaker(autocommit=False, autoflush=False, bind=engine)
Base = declarative_base()


class UserRow(Base):
    __tablename__ = "users"

    id = Column(Integer, primary_key=True, index=True)
    username = Column(String, unique=True, index=True)
    fullname = Column(String)
    password = Column(String)
    is_active = Column(Boolean, default=True)


Base.metadata.create_all(bind=engine)


def get_db():
    db = SessionLocal()
    try:
        yield db
    finally:
        db.close()


def user_by_name(db, username):
    return db.query(UserRow).filter(UserRow.username == username).first()


# --- what clients send and get ---


class UserCreate(BaseModel):
    username: str
    fullname: Optional[str] = None
    password: str


class User(BaseModel):
    username: str
    fullname: Optional[str] = None
    id: int
    is_active: bool

    class Config:
        orm_mode = True


class Token(BaseModel):
    access_token: str
    token_type: str


# --- passwords and tokens ---

passwords = CryptContext(schemes=["bcrypt"], deprecated="auto")  # whose cost is 12
bearer = OAuth2PasswordBearer(tokenUrl="token")


def unauthorized(detail):
    return HTTPException(status_code=401, detail=detail, headers={"WWW-Authenticate": "Bearer"})


async def current_user(token: str = Depends(bearer), db: Session = Depends(get_db)):
    try:
        name = jwt.decode(token, SECRET_KEY, algorithms=[ALGORITHM])["sub"]
    except (JWTError, KeyError):
        raise unauthorized("Could not validate credentials") from None
    user = user_by_name(db, name)
    if not user or not user.is_active:
        raise unauthorized("Could not validate credentials")
    return user


# --- the endpoints ---

app = FastAPI()


@app.get("/")
def read_root():
    return {"message": "Hello, FastAPI!"}


@app.post("/users/add_user/", response_model=User)
def add_user(user: UserCreate, db: Session = Depends(get_db)):
    if user_by_name(db, user.username):
        raise HTTPException(status_code=400, detail="User already registered")
    row = UserRow(username=user.username, fullname=user.fullname, password=passwords.hash(user.password))
    db.add(row)
    db.commit()
    db.refresh(row)
    return row


@app.post("/token", response_model=Token)
async def login(form: OAuth2PasswordRequestForm = Depends(), db: Session = Depends(get_db)):
    user = user_by_name(db, form.username)
    if not user or not passwords.verify(form.password, user.password):
        raise unauthorized("Incorrect username or password")
    exp = datetime.now(timezone.utc) + timedelta(minutes=TOKEN_MINUTES)
    token = jwt.encode({"sub": user.username, "exp": exp}, SECRET_KEY, algorithm=ALGORITHM)
    return {"access_token": token, "token_type": "bearer"}


@app.get("/users/me", response_model=User)
async def read_me(user: UserRow = Depends(current_user)):
    return user
