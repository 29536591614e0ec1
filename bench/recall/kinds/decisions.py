"""Questions for decisions and their reasons."""

from typing import NamedTuple

from recall.dialogue import Dialogue
from recall.plant import Material, Plant, ask


class Decision(NamedTuple):
    """A decision: `chosen` rather than `rejected`, because of a `reason`; how it is asked for."""

    topic: str
    chosen: str
    rejected: str
    reason: str
    questions: tuple[str, ...]
    german: str


DECISIONS = (
    Decision(
        "locking between the workers", "advisory locks in Postgres", "a lock in Redis",
        "Redis would be one more thing to run at night",
        ("Why did we not take Redis for the locking?",
         "what did we decide about locking between the workers, and why?"),
        "Warum haben wir uns beim Locking gegen Redis entschieden?",
    ),
    Decision(
        "the retry policy", "full jitter with a cap of 40 s", "a fixed delay",
        "a fixed delay brings all clients back in the same second",
        ("Remind me which retry policy we agreed on and what spoke against the other one.",
         "Explain in the PR description why retries work the way they do."),
        "Welche Retry-Strategie haben wir gewählt, und warum?",
    ),
    Decision(
        "how configuration is read", "TOML through tomllib", "YAML",
        "YAML turned the country code of Norway into false",
        ("Why is the configuration TOML and not YAML?",
         "somebody asks why we don't use YAML - what was our argument?"),
        "Wieso ist die Konfiguration in TOML statt YAML?",
    ),
    Decision(
        "the identifiers of orders", "ULIDs", "random UUIDs",
        "they sort by time, so the index stays dense",
        ("which identifiers do orders get and what was the reason?",
         "Justify our choice of order identifiers in the design document."),
        "Welche IDs bekommen die Orders, und weshalb?",
    ),
    Decision(
        "where uploads are parsed", "a subprocess with a memory limit", "a thread",
        "a broken archive once took the whole process down",
        ("Why are uploads parsed in a process of their own?",
         "what did we settle on for parsing uploads, and because of what?"),
        "Warum werden Uploads nicht in einem Thread geparst?",
    ),
    Decision(
        "pagination", "keyset pagination", "LIMIT and OFFSET",
        "page 900 took eleven seconds on the replica",
        ("What was the argument against OFFSET for the pagination?",
         "document the pagination decision with its reason"),
        "Was sprach bei der Pagination gegen OFFSET?",
    ),
    Decision(
        "feature flags", "a table that is read once a minute", "the hosted flag service",
        "the hosted one was down twice in January",
        ("Why did we build feature flags ourselves?",
         "what is our solution for feature flags and why not the hosted service?"),
        "Warum nutzen wir für die Feature-Flags nicht den gehosteten Dienst?",
    ),
    Decision(
        "the time zone of reports", "UTC with the zone in a second column", "local time",
        "the hour between two and three happened twice in October",
        ("In which time zone are reports stored, and what made us decide that?",
         "why not local time in the reports?"),
        "In welcher Zeitzone speichern wir die Reports, und warum?",
    ),
    Decision(
        "the queue", "SKIP LOCKED on the jobs table", "RabbitMQ",
        "we have three hundred jobs a day and nobody on call for a broker",
        ("Why no RabbitMQ?", "How do we do the queue and what was the reasoning?"),
        "Warum kein RabbitMQ?",
    ),
    Decision(
        "the serializer", "msgspec structs", "pydantic models",
        "validation took a third of the request in the profile",
        ("why did we replace pydantic in the serializer?",
         "Which library does the serializer use now and what was the deciding measurement?"),
        "Warum haben wir pydantic im Serializer ersetzt?",
    ),
    Decision(
        "deleting accounts", "a tombstone with a date", "a cascading delete",
        "support has to undo deletions within thirty days",
        ("What did we decide on deleting accounts and for what reason?",
         "why is there no cascading delete for accounts?"),
        "Wie löschen wir Accounts, und warum nicht per Cascade?",
    ),
    Decision(
        "the HTTP client", "one shared client for each event loop", "a client for each request",
        "the TLS handshakes cost more than the calls",
        ("why do we share the HTTP client?", "What was decided for the HTTP client, with reason?"),
        "Warum teilen wir den HTTP-Client?",
    ),
    Decision(
        "migrations", "expand first, contract a release later", "migrations in one step",
        "old pods still write to the column while the rollout runs",
        ("How do we do migrations and why in that order?",
         "why can't we do migrations in one step?"),
        "Warum machen wir Migrationen nicht in einem Schritt?",
    ),
    Decision(
        "the search", "trigram indexes", "Elasticsearch",
        "forty thousand rows fit in memory anyway",
        ("What spoke against Elasticsearch?", "which search did we choose and why?"),
        "Was sprach gegen Elasticsearch?",
    ),
    Decision(
        "rounding of prices", "half to even at the last step only", "rounding each line",
        "the sum was off by two cents on long bills",
        ("Where do we round prices and why there?", "why do we not round each line of a bill?"),
        "Wo runden wir Preise, und warum?",
    ),
    Decision(
        "secrets", "files mounted at start", "environment variables",
        "they showed up in a crash dump",
        ("Why do secrets not come from environment variables?",
         "what was our decision about secrets and what triggered it?"),
        "Warum kommen Secrets nicht aus Umgebungsvariablen?",
    ),
    Decision(
        "the log format", "one JSON object for each line", "free text",
        "the collector cuts stack traces at line breaks",
        ("Which log format did we pick, and for what reason?", "why not plain text in the logs?"),
        "Welches Logformat haben wir gewählt und weshalb?",
    ),
    Decision(
        "image thumbnails", "made when they are first asked for", "made at upload",
        "nine of ten pictures are never looked at",
        ("When are thumbnails made and why not at upload?",
         "what did we agree on for thumbnails, and what was the argument?"),
        "Wann werden Thumbnails erzeugt, und warum?",
    ),
)  # fmt: skip


def decision(material: Material, number: int) -> Plant:
    """A question for a decision and its reason."""
    made = DECISIONS[number % len(DECISIONS)]
    question = material.random.choice(made.questions)
    answers = (made.chosen, made.reason)
    return Plant("decision", (discussion(material, made),), ask(material, question), answers)


def german_decision(material: Material, number: int) -> Plant:
    """A question in German for a decision that was made in English."""
    made = DECISIONS[number % len(DECISIONS)]
    fork = ask(material, made.german)
    return Plant("German", (discussion(material, made),), fork, (made.chosen, made.reason))


def discussion(material: Material, made: Decision) -> Dialogue:
    """Return the turns in which it is decided, by the user or by the model."""
    random, words, tree, writer = material
    file = tree.take(60, 400)
    function = random.choice(file.functions)
    writer.user(
        words.pick(
            f"what about {made.topic}? I don't like what we have",
            f"We still have to settle {made.topic}. Suggestions?",
            f"next point: {made.topic}",
        )
    )
    writer.read(
        file, "Let me look at what is there first.", (function.first_line, function.last_line)
    )
    random.choice((_user_decides, _model_confirms, _model_decides, _model_decides))(material, made)
    return writer.end()


def _user_decides(material: Material, made: Decision) -> None:
    words, writer = material.words, material.writer
    writer.assistant(
        f"For {made.topic} I see two ways: {made.rejected}, which is the least work, or "
        f"{made.chosen}. Both would "
        "fit behind the interface that is there now. Which do you prefer?"
    )
    writer.user(
        words.pick(
            f"{made.chosen} please. {made.reason}",
            f"not {made.rejected}: {made.reason}. so {made.chosen}",
            f"Let's take {made.chosen}, because {made.reason}.",
        )
    )
    writer.assistant(words.pick("Good, I'll do it that way.", "Agreed. I will prepare the change."))


def _model_confirms(material: Material, made: Decision) -> None:
    """The user picks one in few words, and the model says what that means."""
    words, writer = material.words, material.writer
    writer.assistant(
        f"For {made.topic} there are two candidates.\n\n- {made.chosen}\n- {made.rejected}\n\nIn "
        f"favour of the first: {made.reason}. The second is what most projects start with."
    )
    writer.user(words.pick("the first", "number one then", "first one, clearly"))
    writer.assistant(
        words.pick(
            f"Then {made.topic}: {made.chosen}, because {made.reason}.",
            f"Good. I note for {made.topic}: {made.chosen} ({made.reason}).",
        )
    )


def _model_decides(material: Material, made: Decision) -> None:
    words, writer = material.words, material.writer
    writer.assistant(
        words.pick(
            f"As to {made.topic}, I'd go with {made.chosen} instead of {made.rejected}: "
            f"{made.reason}. It costs a few "
            "more lines, but nothing that has to be operated. Is that fine with you?",
            f"For {made.topic} I suggest {made.chosen}. The obvious choice would be "
            f"{made.rejected}, but {made.reason}. I have seen no other place that depends on it.",
            f"I decided for {made.chosen}, since {made.reason}. {made.rejected.capitalize()} "
            "would have been simpler to explain.",
        )
    )
    writer.user(words.pick("ok", "yes, go ahead", "sounds right", "fine, do that", "agreed"))
    writer.assistant(words.pick("Done in the draft; the tests still pass.", "I'll note that down."))
