"""A small site with planted holes. Each tool in outside.sh must find one here before its answer about
the real program counts. It listens on this machine alone: planted.py PORT"""

import itertools
import json
import sqlite3
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

# No time limit anywhere, and few places: slow clients take all of them (slowhttptest).
PLACES = threading.Semaphore(40)
BUSY = itertools.count()

HOME = """<!doctype html><title>Planted</title>
<a href="/search?q=apple">Search</a> <a href="/item?id=1">An apple</a>
<form action="/search"><input name="q"><button>Search</button></form>"""


class Planted(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if url.path == "/search":
            # Reflected script (wapiti).
            self.answer(200, f"<!doctype html><p>Nothing like {query.get('q', '')}</p>")
        elif url.path == "/item":
            self.answer(*item(query.get("id", "1")))
        elif url.path == "/healthz":
            # Fails under load (h2load).
            self.answer(500 if next(BUSY) % 10 == 9 else 200, "ok")
        elif url.path == "/":
            self.answer(200, HOME)
        else:
            self.answer(404, "no such page")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            # A value that is no text ends in an error of the server (schemathesis).
            name = json.loads(body)["username"].strip()
            self.answer(401, json.dumps({"status": 401, "title": name, "code": "wrong_credentials"}),
                        "application/problem+json")
        except Exception as error:
            self.answer(500, repr(error))

    def answer(self, status, text, content_type="text/html; charset=utf-8"):
        body = text.encode(errors="replace")
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        # A policy that allows any script (csp_evaluator, mdn-http-observatory).
        self.send_header("Content-Security-Policy", "default-src *; script-src * 'unsafe-inline'")
        self.send_header("Set-Cookie", "session=1")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def item(number):
    """A statement with the visitor's text in it (sqlmap, wapiti)."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE items (id INTEGER, name TEXT)")
    database.execute("INSERT INTO items VALUES (1, 'apple'), (2, 'pear')")
    try:
        rows = database.execute(f"SELECT name FROM items WHERE id = {number}").fetchall()
        return 200, "<!doctype html><p>" + ", ".join(str(row[0]) for row in rows) + "</p>"
    except sqlite3.Error as error:
        return 500, f"sqlite3.OperationalError: {error}"


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024

    def process_request(self, request, address):
        # The accept loop itself waits for a place.
        PLACES.acquire()
        super().process_request(request, address)

    def process_request_thread(self, request, address):
        try:
            super().process_request_thread(request, address)
        finally:
            PLACES.release()

    def handle_error(self, request, address):
        pass


Server(("127.0.0.1", int(sys.argv[1])), Planted).serve_forever()
