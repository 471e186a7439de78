"""Fakes of vendors on this machine: they verify what they are sent with code of the vendors' own
SDKs, answer by a script, and post reports. `cargo xtask interop` starts them.

The first line of the output is the port of the controls, which are posts of JSON:

    /stand   {"vendor"}                      opens a vendor: {"stand", "settings", "secrets"}
    /script  {"stand", "now_ms", "answers"}  sets the clock, and how the next requests are answered
    /log     {"stand"}                       what came since it was asked last
    /door    {"stand", "is_open"}            a vendor that nobody can connect to, and one again
    /report  {"stand", "sent", "what", ...}  posts a report: {"status"} of the answer

An answer of a script is `{"code"}` (a code of the vendor's), `{"status", "retry_after"?, "gbk"?}`
(`gbk`: a page of a proxy in another encoding) or `{"cut": true}` (the connection ends after the request came); with `"at": "token"` it is for the
next request of a token. Without a script everything is taken. The process ends when its input does.
"""

import contextlib
import http.client
import json
import os
import socket
import sys
import threading
import traceback
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import chats
import messages
from vendor import Answer, Request

GBK = "<html>服务器繁忙</html>".encode("gbk")
VENDORS = {vendor.name: vendor for vendor in messages.ALL + chats.ALL}


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Answers go out at once.
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def read(self):
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Request(self.command, parts.path, parts.query, headers, body)

    def answer(self, answer):
        body = answer.bytes()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, str(value))
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        answer = self.serve(self.read())
        if answer is None:
            # The sender hears nothing, though it came whole.
            self.close_connection = True
        else:
            self.answer(answer)

    do_GET = do_POST


class Stand:
    """A vendor at a port, its script and its log."""

    def __init__(self, vendor):
        self.lock = threading.Lock()
        self.answers, self.token_answers = deque(), deque()
        self.log, self.count, self.connections = [], 0, []
        self.server, self.port = None, 0
        self.open()
        self.vendor = VENDORS[vendor](self.port)

    def open(self):
        stand = self

        class Of(Handler):
            def setup(self):
                super().setup()
                stand.connections.append(self.connection)

            def serve(self, request):
                return stand.serve(request)

        self.server = Server(("127.0.0.1", self.port), Of)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def door(self, is_open):
        if is_open:
            self.open()
        else:
            self.server.shutdown()
            self.server.server_close()
            for connection in self.connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self.connections = []

    def script(self, now_ms, answers):
        with self.lock:
            self.vendor.now_ms = now_ms
            self.answers = deque(one for one in answers if one.get("at") != "token")
            self.token_answers = deque(one for one in answers if one.get("at") == "token")

    def serve(self, request):
        with self.lock:
            entry = {"kind": "send", "path": request.path, "wrong": None, "said": None}
            self.log.append(entry)
            try:
                return self.answered(request, entry)
            except Exception as error:
                entry["wrong"] = f"{type(error).__name__}: {error}"
                if os.environ.get("INTEROP_VERBOSE"):
                    traceback.print_exc()
                return Answer(401, {"message": "not signed by the account"})

    def answered(self, request, entry):
        vendor = self.vendor
        entry["kind"] = vendor.kind(request)
        if entry["kind"] == "token":
            said = self.token_answers.popleft() if self.token_answers else {}
            return vendor.token(request, said.get("code"))
        if entry["kind"] == "reserve":
            return vendor.reserve(request)
        entry["said"] = vendor.check(request)
        said = self.answers.popleft() if self.answers else {}
        if said.get("drops_token"):
            vendor.tokens = []
        if said.get("cut"):
            return None
        if "status" in said:
            headers = {"retry-after": said["retry_after"]} if "retry_after" in said else {}
            return Answer(said["status"], GBK if said.get("gbk") else None, headers)
        if "code" in said:
            answer = vendor.refused(said["code"])
            return answer(request) if callable(answer) else answer
        self.count += 1
        answer, entry["provider_id"] = vendor.taken(request, self.count)
        return answer

    def report(self, asked):
        """Posts to `address` as if it were at `public`, of which vendors know."""
        url, told = asked["url"], asked["sent"].get("callback_url") or ""
        # Those that are told with each message post its reports to just that address.
        if asked["what"] != "leaves" and told.startswith(url):
            url = told
        where = urlsplit(url)
        post = self.vendor.report(asked["what"], asked["sent"], url, asked.get("forged", False))
        query = post.query or where.query
        query = f"?{query}" if query else ""
        connection = http.client.HTTPConnection(asked["address"], timeout=30)
        try:
            method = "GET" if post.echo else "POST"
            connection.request(method, where.path + query, post.body.encode(), post.headers)
            answer = connection.getresponse()
            body = answer.read().decode()
            is_heard = post.echo is None or answer.status != 200 or body == post.echo
            return {"status": answer.status if is_heard else 0}
        finally:
            connection.close()


class Controls(Handler):
    stands = []

    def serve(self, request):
        try:
            return Answer(200, self.control(request.path, request.json()))
        except Exception as error:
            traceback.print_exc()
            return Answer(500, {"error": f"{type(error).__name__}: {error}"})

    def control(self, path, asked):
        if path == "/stand":
            stand = Stand(asked["vendor"])
            self.stands.append(stand)
            settings, secrets = stand.vendor.account()
            return {"stand": len(self.stands) - 1, "settings": settings, "secrets": secrets,
                    "reports": stand.vendor.reports, "told_where": stand.vendor.told_where}
        stand = self.stands[asked["stand"]]
        if path == "/script":
            stand.script(asked["now_ms"], asked["answers"])
        elif path == "/log":
            with stand.lock:
                log, stand.log = stand.log, []
                return log
        elif path == "/door":
            stand.door(asked["is_open"])
        elif path == "/report":
            return stand.report(asked)
        else:
            raise ValueError(path)
        return {}


if __name__ == "__main__":
    controls = Server(("127.0.0.1", 0), Controls)
    print(controls.server_address[1], flush=True)
    threading.Thread(target=controls.serve_forever, daemon=True).start()
    # Ends with the process that started it.
    sys.stdin.read()
