"""Questions that name something by its place in an order."""

from typing import NamedTuple

from recall.plant import Material, Plant, ask

_PLACES = ("first", "second", "third", "fourth")


class Ways(NamedTuple):
    """Ways to do something, each with a title and an explanation."""

    problem: str
    short: str
    ways: tuple[tuple[str, str], ...]


WAYS = (
    Ways("the report takes forty seconds", "the slow report", (
        ("Materialized view", "refreshed by the nightly job, so the page only reads 200 rows"),
        ("Covering index", "on (tenant_id, closed_at) include (amount); 3 GB on the replica"),
        ("Move the sum to the client", "send the pages as a stream and add up in the browser"),
        ("Cache by tenant", "keep the finished HTML for ten minutes under the tenant's key"))),
    Ways("tests are flaky on the build server", "the flaky tests", (
        ("Freeze the clock", "patch time.monotonic in a fixture that every test gets"),
        ("One database per worker", "create it from a template, 300 ms for each xdist worker"),
        ("Retry twice", "pytest-rerunfailures, and a weekly list of what was retried"))),
    Ways("the image is 1.9 GB", "the big image", (
        ("Multi-stage build", "compile wheels in one stage, copy only /venv to the next"),
        ("Distroless base", "no shell in there, so debugging needs an ephemeral container"),
        ("Strip the locales", "remove /usr/share/locale and the .pyc of the tests"))),
    Ways("two people edit the same record", "concurrent edits", (
        ("Version column", "UPDATE ... WHERE version = old; answer 409 if no row matched"),
        ("Lock on open", "a lease of five minutes that the form renews"),
        ("Merge field by field", "send a patch of changed fields, last writer wins per field"))),
    Ways("startup takes nine seconds", "the slow startup", (
        ("Lazy imports", "import pandas inside the two functions that need it"),
        ("Precompiled templates", "ship the jinja bytecode cache inside the wheel"),
        ("Snapshot", "fork from a warmed zygote process kept by systemd"))),
    Ways("the queue grows at noon", "the growing queue", (
        ("More consumers", "scale on queue age rather than on CPU, up to twelve"),
        ("Priority lanes", "interactive jobs get a lane of their own, bulk waits"),
        ("Shed load", "refuse imports above 50 MB between eleven and one"))),
    Ways("users are logged out at random", "the random logouts", (
        ("Sticky sessions", "route by a cookie so the same node answers"),
        ("Shared store", "put the sessions into the database that we have anyway"),
        ("Signed cookies", "no server state at all, rotate the signing key weekly"))),
    Ways("the parser eats two gigabytes", "the hungry parser", (
        ("Iterparse", "clear each element after its end event"),
        ("SAX handler", "a state machine of forty lines, no tree at all"),
        ("Split the file", "cut at </record> with a small awk script before parsing"),
        ("Switch to lxml", "huge_tree and a target parser, twice as fast"))),
    Ways("deploys interrupt downloads", "the interrupted downloads", (
        ("Drain", "stop accepting, wait up to 90 s for open responses"),
        ("Range requests", "let clients resume where they were cut off"),
        ("Hand out signed links", "the object store serves the bytes, we only sign"))),
    Ways("the schema has grown wild", "the wild schema", (
        ("Rewrite from the models", "generate it anew and copy tables one night"),
        ("Rename in views", "clean names as views over the old tables"),
        ("Leave it, document it", "a generated page with the meaning of each column"))),
    Ways("mails arrive twice", "the duplicate mails", (
        ("Idempotency key", "hash of recipient and template, unique for a day"),
        ("Outbox table", "write with the transaction, a relay sends and marks"),
        ("Dedupe at the provider", "set their X-Entity-Ref header to the order number"))),
    Ways("the linter takes a minute", "the slow linter", (
        ("Only changed files", "feed it git diff --name-only from the merge base"),
        ("Another linter", "the Rust one covers all but four of our rules"),
        ("Run in the editor", "a language server, and CI only on the main branch"))),
)  # fmt: skip


def by_order(material: Material, number: int) -> Plant:
    """A question for the second approach, or another one."""
    random, words, _, writer = material
    ways = WAYS[number % len(WAYS)]
    writer.user(
        words.pick(
            f"{ways.problem}. what can we do about it?",
            f"Think about this one: {ways.problem}. Give me some approaches, don't code yet.",
            f"{ways.problem.capitalize()}! Options?",
        )
    )
    form = random.choice(_FORMS)
    padding = random.sample(_PADDING, k=len(ways.ways))
    items = [
        form.format(n=index + 1, title=title, text=f"{text}. {padding[index]}")
        for index, (title, text) in enumerate(ways.ways)
    ]
    start = words.pick("I see these ways:", "There are several possibilities.", "Some ideas:")
    writer.assistant("\n\n".join([start, *items, "Tell me which one you'd like to follow."]))
    writer.user(words.pick("let me think about it", "hmm, I'll sleep on it", "ok, later"))
    writer.assistant(words.pick("Sure.", "Of course, no hurry."))
    scene = writer.end()
    at = random.randrange(len(ways.ways))
    place = _PLACES[at]
    question = words.pick(
        f"About {ways.short}: let's try the {place} approach you mentioned.",
        f"{ways.short} - what was option {at + 1} again?",
        f"I've decided: the {place} one of your ideas for {ways.short}. Go ahead.",
        f"for {ways.short} I want number {at + 1} on your list",
    )
    return Plant("order", (scene,), ask(material, question), ways.ways[at])


_FORMS = (
    "{n}. **{title}** — {text}.",
    "Option {n}: {title}\n   {text}.",
    "{n}) {title}: {text}.",
    "### Approach {n}: {title}\n\n{text}.",
)
_PADDING = (
    "It touches only one module, so it is easy to take back. I expect half a day, mostly for tests",
    "The risk is low. What I cannot judge from the code is how the people in operations like it",
    "That is the thorough solution. It needs a migration, and a release in between",
    "Quick to do, but it hides the cause, so I would only use it as a first aid",
    "We had something similar in another project and it held up well for years",
)
