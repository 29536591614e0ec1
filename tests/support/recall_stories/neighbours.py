"""Work that uses the words of the other stories for other things; nothing of it is asked for."""

from collections.abc import Iterator

from support.recall_writer import SessionWriter

# What the user says, a file, an edit of it, and the reply.
_EDITS = (
    (
        "The time-out of the database is too long, a stuck query blocks the dashboard.",
        "src/parcelhub/storage/engine.py",
        ("STATEMENT_TIMEOUT = 90", "STATEMENT_TIMEOUT = 20"),
        "A stuck query is cancelled after twenty seconds now.",
    ),
    (
        "Read time-outs of the webhook receiver: what would you choose, and why?",
        "src/parcelhub/webhooks/receiver.py",
        ("READ_TIMEOUT = None", "READ_TIMEOUT = 8"),
        "Eight seconds, because a shop that needs longer is down anyway.",
    ),
    (
        "The exporter's batches are too small for the big shops.",
        "src/parcelhub/export/batches.py",
        ("BATCH = 50", "BATCH = 500"),
        "The exporter takes five hundred rows in one batch.",
    ),
    (
        "Retry the upload of scans at most twice.",
        "src/parcelhub/scans/upload.py",
        ("retries=6", "retries=2"),
        "It gives up after the second retry.",
    ),
    (
        "Round the weights to full grams before we compare them.",
        "src/parcelhub/weights/compare.py",
        ("return left.grams == right.grams", "return round(left.grams) == round(right.grams)"),
        "Weights are compared in full grams.",
    ),
    (
        "The limit of 40 addresses per import is too low.",
        "src/parcelhub/addresses/imports.py",
        ("LIMIT = 40", "LIMIT = 400"),
        "Ten times as many are possible now.",
    ),
    (
        "Use the same lock for the cron of the depots as elsewhere.",
        "src/parcelhub/depots/cron.py",
        ("lock = Lock('depots')", "lock = advisory_lock('cron', 'depots')"),
        "It takes an advisory lock like the other crons.",
    ),
    (
        "The index page of the returns portal should show the newest first.",
        "src/parcelhub/returns/index.py",
        ("order_by(Return.id)", "order_by(Return.created.desc())"),
        "The newest return is on top.",
    ),
)
# What the user asks, a command, its output, and the reply.
_RUNS = (
    (
        "Which depots have the new label printers?",
        "parcelhub depots --with printers",
        "oslo    zd621  2\nturku   zd621  1\ngdynia  zd421  4",
        "Oslo, Turku and Gdynia.",
    ),
    (
        "How many jobs are in the queue right now?",
        "psql local -c 'SELECT count(*) FROM jobs'",
        " count\n-------\n   318",
        "318, which is normal for the morning.",
    ),
    (
        "Did the webhook tests fail on main as well?",
        "gh run list --branch main --limit 3",
        "completed  success  Nightly\ncompleted  success  Push\ncompleted  success  Push",
        "No, main is green.",
    ),
    (
        "Which commit is deployed in staging?",
        "curl -s staging.parcelhub.example/version",
        '{"commit": "c0ffee7", "built": "2026-02-10"}',
        "c0ffee7, built yesterday.",
    ),
    (
        "Is the carrier sandbox reachable today?",
        "curl -sI sandbox.carrier.example",
        "HTTP/2 200\nserver: nginx\ncontent-length: 0",
        "Yes, it answers.",
    ),
    (
        "Show me the newest error of the customs client.",
        "grep -m1 error var/log/customs.log",
        "10:31:07 error customs declaration 8812 refused: weight missing",
        "A declaration had no weight; the shop has to correct it.",
    ),
)
# What the user says without anything to do.
_REMARKS = (
    (
        "For your information: the sorting machine in Malmo was replaced, its codes stay the same.",
        "Thanks, then nothing changes for the scans.",
    ),
    (
        "We might drop the fax gateway next year. Or keep it, nobody has decided.",
        "I will not build anything new on it.",
    ),
    (
        "Sales want a mock-up of the tariff page, two variants, I'll ask the agency.",
        "Good, tell me if you need data for it.",
    ),
    (
        "The release notes for customers are written by marketing this time.",
        "Then I only keep the technical changelog.",
    ),
)


def neighbours(w: SessionWriter) -> list[Iterator[None]]:
    """Return small pieces of work, one story each."""
    edits = [_edit(w, *one) for one in _EDITS]
    runs = [_run(w, *one) for one in _RUNS]
    return [*edits, *runs, *(_remark(w, *one) for one in _REMARKS)]


def _edit(
    w: SessionWriter, request: str, path: str, change: tuple[str, str], reply: str
) -> Iterator[None]:
    w.user(request)
    w.edit(path, *change)
    w.say(reply)
    yield


def _run(w: SessionWriter, request: str, command: str, output: str, reply: str) -> Iterator[None]:
    w.user(request)
    w.bash(command, output)
    w.say(reply)
    yield


def _remark(w: SessionWriter, remark: str, reply: str) -> Iterator[None]:
    w.user(remark)
    w.say(reply)
    yield
