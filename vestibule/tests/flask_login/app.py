"""The routes, options and texts of vestibule/examples/parity.rs on Flask-Login itself."""

import argparse
import logging
import secrets
from datetime import timedelta

from flask import Blueprint, Flask, get_flashed_messages, request, session
from flask_login import (
    LoginManager,
    UserMixin,
    confirm_login,
    current_user,
    fresh_login_required,
    login_fresh,
    login_remembered,
    login_required,
    login_user,
    logout_user,
)
from werkzeug.serving import make_server


class Player(UserMixin):
    def __init__(self, id, name, active=True):
        self.id = id
        self.name = name
        self.active = active

    @property
    def is_active(self):
        return self.active


def players_of_the_fixture():
    players = [
        Player("1", "Notch"),
        Player("2", "Steve"),
        Player("3", "Creeper", active=False),
        Player("佐藤", "Müller"),
    ]
    return {player.id: player for player in players}


def create_app(options):
    app = Flask(__name__, static_folder=None)
    app.config["SECRET_KEY"] = options.secret_key or secrets.token_hex(32)
    app.config["USE_SESSION_FOR_NEXT"] = options.next_in_session
    app.config["REMEMBER_COOKIE_REFRESH_EACH_REQUEST"] = options.refresh_each_request
    if options.remember_seconds is not None:
        app.config["REMEMBER_COOKIE_DURATION"] = options.remember_seconds

    players = players_of_the_fixture()
    manager = LoginManager(app)
    manager.user_loader(players.get)
    if options.request_loader:
        manager.request_loader(lambda request: players.get(request.args.get("user_id")))
    manager.session_protection = {"off": None}.get(
        options.session_protection, options.session_protection
    )
    manager.login_view = options.login_view
    manager.refresh_view = options.refresh_view
    if options.login_view:
        manager.blueprint_login_views = {
            "first": "/first_login",
            "second": "/second_login",
        }

    add_pages(app, options)
    add_logins(app, players)
    add_protected(app, manager)
    return app


def add_pages(app, options):
    pages = {
        "/": "The index",
        "/first_login": "first login page",
        "/second_login": "second login page",
    }
    taken = [*pages, "/login", "/secret", "/protected"]
    views = [(options.login_view, "login page"), (options.refresh_view, "refresh page")]
    for view, text in views:
        if view and view.startswith("/") and view not in taken:
            pages.setdefault(view, text)
    for path, text in pages.items():
        app.add_url_rule(path, path, lambda text=text: text)

    @app.route("/username")
    def username():
        return current_user.name if current_user.is_authenticated else "Anonymous"

    @app.route("/is-fresh")
    def is_fresh():
        return str(login_fresh())

    @app.route("/is-remembered")
    def is_remembered():
        return str(login_remembered())

    @app.route("/messages")
    def messages():
        flashed = get_flashed_messages(with_categories=True)
        return "\n".join(f"{category}: {message}" for category, message in flashed)

    @app.route("/next")
    def kept_next():
        return str(session.get("next"))


def add_logins(app, players):
    @app.route("/login")
    def log_in():
        if "id" not in request.args:
            return "login page"
        player = players.get(request.args["id"])
        if player is None:
            return str(False)
        seconds = request.args.get("seconds", type=int)
        return str(
            login_user(
                player,
                remember=request.args.get("remember") == "1",
                duration=None if seconds is None else timedelta(seconds=seconds),
                force=request.args.get("force") == "1",
                fresh=request.args.get("fresh") != "0",
            )
        )

    @app.route("/logout")
    def log_out():
        return str(logout_user())

    @app.route("/confirm-login")
    def confirm():
        confirm_login()
        return str(True)

    @app.route("/delete-user")
    def delete_user():
        return str(players.pop(request.args.get("id"), None) is not None)

    @app.route("/deactivate")
    def deactivate():
        player = players.get(request.args.get("id"))
        if player is not None:
            player.active = False
        return str(player is not None)


def add_protected(app, manager):
    app.add_url_rule("/secret", "secret", manager.unauthorized, methods=["GET", "POST"])
    app.add_url_rule("/needs-refresh", "needs_refresh", manager.needs_refresh)

    def granted():
        return "Access Granted"

    protected = login_required(granted)
    app.add_url_rule("/protected", "protected", protected)
    app.add_url_rule("/fresh", "fresh", fresh_login_required(granted))
    for name in ("first", "second"):
        area = Blueprint(name, __name__, url_prefix=f"/{name}")
        area.add_url_rule("/protected", "protected", protected)
        app.register_blueprint(area)

    # Named among the methods, OPTIONS comes to Flask-Login; otherwise Flask answers it.
    @app.route("/method", methods=["GET", "POST", "OPTIONS"])
    @login_required
    def method():
        return "" if request.method == "OPTIONS" else granted()


def parse_options():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--listen", default="127.0.0.1:5001")
    parser.add_argument("--login-view")
    parser.add_argument("--refresh-view")
    parser.add_argument(
        "--session-protection", choices=["off", "basic", "strong"], default="basic"
    )
    parser.add_argument("--next-in-session", action="store_true")
    parser.add_argument("--remember-seconds", type=int)
    parser.add_argument("--refresh-each-request", action="store_true")
    parser.add_argument("--request-loader", action="store_true")
    parser.add_argument("--secret-key")
    return parser.parse_args()


def main():
    options = parse_options()
    # A line for each request would be in the way of the tests' own.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    host, port = options.listen.rsplit(":", 1)
    server = make_server(host, int(port), create_app(options), threaded=True)
    print(f"Open http://{host}:{server.port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
