"""What fakes of vendors share: a request as it came, answers, and the clock of the host that sends."""

import contextlib
import datetime
import json
import threading
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote

# Patches of clocks are of the whole process.
CLOCKS = threading.RLock()


class Wrong(Exception):
    """What a vendor would not take."""


def demand(holds, why):
    if not holds:
        raise Wrong(why)


@dataclass
class Request:
    """A request as it came."""

    method: str
    path: str
    query: str
    headers: dict
    body: bytes

    def text(self):
        return self.body.decode()

    def json(self):
        return json.loads(self.body)

    def form(self):
        return dict(parse_qsl(self.text(), keep_blank_values=True, strict_parsing=True))

    def pairs(self):
        """The query, with nothing read as a plus."""
        pairs = [part.partition("=") for part in self.query.split("&") if part]
        return {unquote(name): unquote(value) for name, _, value in pairs}

    def header(self, name):
        return self.headers.get(name, "")


@dataclass
class Answer:
    """What a vendor answers."""

    status: int = 200
    body: object = None
    headers: dict = field(default_factory=dict)

    def bytes(self):
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        if isinstance(self.body, str):
            return self.body.encode()
        return json.dumps(self.body, ensure_ascii=False).encode()


@dataclass
class Post:
    """What a vendor posts to an address for reports."""

    body: str
    headers: dict = field(default_factory=dict)
    query: str = ""
    # Of a question: what must be answered.
    echo: str = None


class Vendor:
    """A vendor with one account. `check` verifies what is sent, with code of the vendor's own SDK
    where there is any."""

    name = ""
    reports = True
    # Those that are told with each message where to post reports.
    told_where = False

    def __init__(self, port):
        self.host = f"127.0.0.1:{port}"
        self.origin = f"http://{self.host}"
        self.now_ms = 0
        self.last = 0
        # Tokens that count.
        self.tokens = []

    def second(self):
        return self.now_ms // 1000

    def instant(self):
        return datetime.datetime.fromtimestamp(self.second(), datetime.timezone.utc)

    def number(self):
        self.last += 1
        return self.last

    def is_near(self, instant, what, seconds=300):
        """Vendors refuse what was signed by a clock that is far from theirs."""
        demand(abs(instant - self.second()) <= seconds, f"{what} is far from the clock")

    @contextlib.contextmanager
    def clock(self, *names):
        """The SDK's clock is that of the host. `names` are attributes of modules that are patched:
        a function that gives the instant, or the class `datetime`."""
        now = self.instant()

        class Fixed(datetime.datetime):
            @classmethod
            def now(cls, tz=None):
                return now.astimezone(tz) if tz else now.replace(tzinfo=None)

        with CLOCKS, contextlib.ExitStack() as stack:
            for module, name in names:
                kept = getattr(module, name)
                plain = now.replace(tzinfo=None)
                setattr(module, name, Fixed if isinstance(kept, type) else lambda: plain)
                stack.callback(setattr, module, name, kept)
            yield

    # What each vendor says for itself.

    def account(self):
        """Settings and secrets of the account, as a merchant types them in."""
        raise NotImplementedError

    def kind(self, request):
        """`send`, `token` or `reserve`: what a request asks for."""
        return "send"

    def check(self, request):
        """Verifies a message. What it says: `to`, `id` where the vendor gets one, `text`."""
        raise NotImplementedError

    def taken(self, request, number):
        """The answer to a message that is taken, and the id under which it is."""
        raise NotImplementedError

    def refused(self, code):
        """The answer with a code of the vendor's."""
        raise Wrong(f"{self.name} has no code {code}")

    def token(self, request, code):
        """Verifies a request for a token, and answers it: with a code, or a token."""
        raise NotImplementedError

    def reserve(self, request):
        """Verifies a request for a reservation, and answers it."""
        raise NotImplementedError

    def report(self, what, sent, url, forged):
        """What is posted about a message that was taken: `delivered`, `gone` (the address is) or
        `leaves`; or with `asks` the question whether we are there. `forged`: signed by somebody
        else."""
        raise NotImplementedError
