"""The benchmark's app on Flask: Flask-Login, Flask-SQLAlchemy on SQLite, Flask-Bcrypt.

`gunicorn --preload --workers 2 app:application` serves it; the database is made in the folder
`instance` of the current one.
"""

import os

from flask import Flask, abort, redirect, request
from flask_bcrypt import Bcrypt
from flask_login import (
    LoginManager,
    UserMixin,
    current_user,
    login_required,
    login_user,
    logout_user,
)
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import IntegrityError

HELLO = "<h1>Welcome world</h1>"

app = Flask(__name__, instance_path=os.path.abspath("instance"))
# The workers have to agree on it; nobody outlives the benchmark.
app.config["SECRET_KEY"] = "a key for the benchmark alone"
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///bench.db"
db = SQLAlchemy(app)
bcrypt = Bcrypt(app)
login_manager = LoginManager(app)


class User(UserMixin, db.Model):
    id = db.Column(db.Integer, primary_key=True)
    username = db.Column(db.String(80), unique=True, nullable=False)
    password = db.Column(db.String(60), nullable=False)


@login_manager.user_loader
def load_user(user_id):
    return db.session.get(User, int(user_id))


@app.post("/register")
def register():
    password = bcrypt.generate_password_hash(request.form["password"]).decode()
    db.session.add(User(username=request.form["username"], password=password))
    try:
        db.session.commit()
    except IntegrityError:
        abort(409)
    return "", 201


@app.post("/login")
def log_in():
    query = db.select(User).filter_by(username=request.form["username"])
    user = db.session.execute(query).scalar_one_or_none()
    if user and bcrypt.check_password_hash(user.password, request.form["password"]):
        login_user(user)
        return redirect("/welcome", 303)
    abort(401)


@app.post("/logout")
def log_out():
    logout_user()
    return redirect("/public", 303)


@app.get("/welcome")
@login_required
def welcome():
    return f"<h1>Welcome {current_user.username}</h1>"


@app.get("/public")
def public():
    return HELLO


# Gunicorn loads the app before it makes its workers (`--preload`), so that one makes the table.
with app.app_context():
    with db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    db.create_all()
    # A worker must not go on with a connection of its parent.
    db.engine.dispose()

# An app without the extensions, as the bare axum route is outside of the login layer.
bare = Flask("bare")


@bare.get("/plain")
def plain():
    return HELLO


def application(environ, start_response):
    chosen = bare if environ["PATH_INFO"] == "/plain" else app
    return chosen(environ, start_response)
