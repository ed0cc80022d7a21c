"""Writes hashes.tsv: hashes as the libraries make them that people come from.

    python3 -m venv /tmp/hashes && /tmp/hashes/bin/pip install -r requirements.txt
    /tmp/hashes/bin/python make.py > hashes.tsv

Each line is a library with its version, a form, whether bcrypt hashes the SHA-256, the password as
JSON, and the hash. The costs are the least that each library takes: what is tested is the form.
"""

import json
from importlib.metadata import version

import bcrypt
import django
from django.conf import settings
from flask import Flask
from flask_bcrypt import Bcrypt
from passlib import hash as passlib
from werkzeug.security import generate_password_hash

PASSWORDS = [
    "hunter2",
    " spaces kept ",
    "caf\u00e9 \u2603 \U0001f600",
    # What is typed, not its normal form.
    "cafe\u0301",
    "with a\0NUL",
    "x" * 72,
]
LONG = "long " * 40


def row(library, form, password, hash, long_bcrypt=False):
    if isinstance(hash, bytes):
        hash = hash.decode()
    long_bcrypt = "long" if long_bcrypt else "plain"
    print(f"{library} {version(library)}", form, long_bcrypt, json.dumps(password), hash, sep="\t")


def werkzeug(password):
    methods = ["scrypt:1024:8:1", "scrypt:512:16:2", "pbkdf2:sha256:1000", "pbkdf2:sha1:1000"]
    methods += ["pbkdf2:sha512:100", "pbkdf2:sha224:10", "pbkdf2:sha384:10"]
    for method in methods:
        row("werkzeug", method, password, generate_password_hash(password, method))


def flask_bcrypt(password):
    for prefix in ["2a", "2b"]:
        hashed = Bcrypt().generate_password_hash(password, 4, prefix)
        row("flask-bcrypt", prefix, password, hashed)
    app = Flask(__name__)
    app.config["BCRYPT_HANDLE_LONG_PASSWORDS"] = True
    hashed = Bcrypt(app).generate_password_hash(password, 4)
    row("flask-bcrypt", "handle long passwords", password, hashed, long_bcrypt=True)


def with_django(password):
    from django.contrib.auth import hashers

    class Argon2(hashers.Argon2PasswordHasher):
        time_cost, memory_cost, parallelism = 1, 64, 2

    class Scrypt(hashers.ScryptPasswordHasher):
        work_factor, block_size, parallelism = 2**6, 4, 3

    class BcryptSha256(hashers.BCryptSHA256PasswordHasher):
        rounds = 4

    class PlainBcrypt(hashers.BCryptPasswordHasher):
        rounds = 4

    class Pbkdf2(hashers.PBKDF2PasswordHasher):
        iterations = 1000

    class Pbkdf2Sha1(hashers.PBKDF2SHA1PasswordHasher):
        iterations = 1000

    for hasher in [Argon2(), Scrypt(), BcryptSha256(), PlainBcrypt(), Pbkdf2(), Pbkdf2Sha1()]:
        if isinstance(hasher, PlainBcrypt) and not isinstance(hasher, BcryptSha256):
            if len(password.encode()) > 72 or "\0" in password:
                continue
        row("django", hasher.algorithm, password, hasher.encode(password, hasher.salt()))


def with_passlib(password):
    hashers = [
        passlib.argon2.using(time_cost=1, memory_cost=64, parallelism=1),
        passlib.argon2.using(type="I", time_cost=1, memory_cost=64, parallelism=2),
        passlib.scrypt.using(rounds=5, block_size=4, parallelism=2),
        passlib.pbkdf2_sha1.using(rounds=1000),
        passlib.pbkdf2_sha256.using(rounds=1000),
        passlib.pbkdf2_sha512.using(rounds=1000),
    ]
    for hasher in hashers:
        row("passlib", hasher.name, password, hasher.hash(password))


def with_bcrypt(password):
    """The prefixes that Python's bcrypt checks and does not write; they differ in name alone."""
    hashed = bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()
    for prefix in ["2x", "2y"]:
        other = hashed.replace("$2b$", f"${prefix}$")
        assert bcrypt.checkpw(password.encode(), other.encode())
        row("bcrypt", prefix, password, other)


settings.configure()
django.setup()
for password in PASSWORDS:
    werkzeug(password)
    flask_bcrypt(password)
    with_django(password)
    with_passlib(password)
    with_bcrypt(password)
werkzeug(LONG)
hashed = generate_password_hash("hunter2")
row("werkzeug", "default", "hunter2", hashed)
app = Flask(__name__)
app.config["BCRYPT_HANDLE_LONG_PASSWORDS"] = True
row("flask-bcrypt", "long", LONG, Bcrypt(app).generate_password_hash(LONG, 4), long_bcrypt=True)
