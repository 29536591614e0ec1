"""Stories with changes: what a value is after the third one, and what stood there before."""

from collections.abc import Iterator

from support.recall_writer import Kind, SessionWriter


def connect_timeout(w: SessionWriter) -> Iterator[None]:
    first, second, third = w.random.sample(["3.5", "6.25", "9.75", "12.5", "17.5"], 3)
    file = "src/parcelhub/carriers/http.py"
    w.user("Connections to the carriers fail too early from the Azores. Give them more time.")
    w.edit(file, "CONNECT_TIMEOUT = 2.0", f"CONNECT_TIMEOUT = {first}")
    w.say("The time-out is larger now.")
    yield
    w.user("Still some failures in staging; try another value for the connect time-out.")
    w.edit(file, f"CONNECT_TIMEOUT = {first}", f"CONNECT_TIMEOUT = {second}")
    w.say("Changed it again.")
    yield
    w.user("The retries pile up now. Find a compromise.")
    w.edit(file, f"CONNECT_TIMEOUT = {second}", f"CONNECT_TIMEOUT = {third}")
    w.say("That should do. I will watch the retries.")
    yield
    w.ask(
        Kind.VALUE_NOW,
        "What is the connect timeout for carriers set to at present?",
        f"CONNECT_TIMEOUT = {third}",
    )


def batch_size(w: SessionWriter) -> Iterator[None]:
    first, second, third = w.random.sample([210, 340, 480, 620, 770], 3)
    w.user(f"Let the tracking importer take {first} events in one batch.")
    w.say(f"The importer takes batches of {first} events now.")
    yield
    w.user(f"Memory goes up. Make it batches of {second} events in the importer.")
    w.say("Done, the importer has the new size.")
    yield
    w.user(f"Last change, I promise: the importer's batches get {third} events. Ops measured it.")
    w.say("Set.")
    yield
    w.ask(
        Kind.VALUE_NOW,
        "How many events does the tracking importer put into a batch now, after all the changes?",
        f"batches get {third} events",
    )


def release_date(w: SessionWriter) -> Iterator[None]:
    w.user("We release on 3 March. Put it in the changelog, please.")
    w.edit("CHANGELOG.md", "## Unreleased", "## 4.0.0 (3 March)")
    w.say("The changelog has the date.")
    yield
    w.user("The release slips to 10 March, the penetration test is not finished.")
    w.edit("CHANGELOG.md", "## 4.0.0 (3 March)", "## 4.0.0 (10 March)")
    w.say("Moved.")
    yield
    w.user("And once more, sorry. Product wants the release on 24 March, with the returns portal.")
    w.edit("CHANGELOG.md", "## 4.0.0 (10 March)", "## 4.0.0 (24 March)")
    w.say("Moved again.")
    yield
    w.ask(Kind.VALUE_NOW, "so on which date do we release 4.0.0?", "24 March")


def weight_limit(w: SessionWriter) -> Iterator[None]:
    first, second, third = w.random.sample(["22.5", "25.0", "27.5", "29.5", "31.5"], 3)
    text = "[parcel]\nmax_kg = {}\nmax_girth_cm = 300\n"
    w.user("Create the settings file for the Nordic depots.")
    w.write("deploy/nordic.toml", text.format(first))
    w.say("Created, with the usual limits.")
    yield
    w.user("The Oslo belt is weaker than we thought, adapt the file.")
    w.write("deploy/nordic.toml", text.format(second))
    w.say("Written anew.")
    yield
    w.user("They have a new belt in Oslo. Adapt it again.")
    w.write("deploy/nordic.toml", text.format(third))
    w.say("The Nordic file has the new limit.")
    yield
    w.ask(
        Kind.VALUE_NOW,
        "Which maximum weight is configured for the Nordic depots today?",
        f"max_kg = {third}",
    )


def rounding(w: SessionWriter) -> Iterator[None]:
    w.user("Rates must be rounded half up, not half even.")
    w.read(
        "src/parcelhub/rates/rounding.py",
        "from decimal import Decimal, ROUND_HALF_EVEN\n\n\n"
        "def to_cents(amount: Decimal) -> Decimal:\n"
        "    return amount.quantize(CENT, rounding=ROUND_HALF_EVEN)\n",
    )
    w.edit(
        "src/parcelhub/rates/rounding.py",
        "    return amount.quantize(CENT, rounding=ROUND_HALF_EVEN)",
        "    return amount.quantize(CENT, rounding=ROUND_HALF_UP)",
    )
    w.say("Rounded half up now.")
    yield
    w.ask(
        Kind.UNDO,
        "Accounting was wrong about the rounding of rates, undo that edit.",
        "return amount.quantize(CENT, rounding=ROUND_HALF_EVEN)",
    )


def retry_helper(w: SessionWriter) -> Iterator[None]:
    w.user("The retry helper of the webhooks sleeps too long between attempts.")
    w.edit(
        "src/parcelhub/webhooks/retry.py",
        "def pause(attempt):\n    return min(BASE * 2 ** attempt, CEILING)",
        "def pause(attempt):\n    return BASE + attempt * STEP",
    )
    w.say("It grows linearly now.")
    yield
    w.ask(
        Kind.UNDO,
        "Restore what pause() in the webhooks' retry helper returned before you touched it.",
        "return min(BASE * 2 ** attempt, CEILING)",
    )


def docstring(w: SessionWriter) -> Iterator[None]:
    w.user("Shorten the docstring of split_route, it is chatty.")
    w.edit(
        "src/parcelhub/zones/route.py",
        "    Legs are split at every hub that scans, so that a lost parcel can be narrowed down.\n",
        "    Split a route into legs.\n",
    )
    w.say("One line is left.")
    yield
    w.ask(
        Kind.UNDO,
        "I liked the longer docstring of split_route better after all. Put it back as it was.",
        "Legs are split at every hub that scans, so that a lost parcel can be narrowed down.",
    )


def index_definition(w: SessionWriter) -> Iterator[None]:
    w.user("The search over shipments is slow; change the index.")
    w.edit(
        "migrations/0042_shipments.sql",
        "CREATE INDEX shipments_by_day ON shipments (depot, day) WHERE NOT archived;",
        "CREATE INDEX shipments_by_day ON shipments (day, depot);",
    )
    w.say("The index begins with the day now.")
    yield
    w.user("Hm, add the state to it too.")
    w.edit(
        "migrations/0042_shipments.sql",
        "CREATE INDEX shipments_by_day ON shipments (day, depot);",
        "CREATE INDEX shipments_by_day ON shipments (day, depot, state);",
    )
    w.say("Added.")
    yield
    w.ask(
        Kind.UNDO,
        "Roll the shipments index back to its very first form, both changes were a mistake.",
        "CREATE INDEX shipments_by_day ON shipments (depot, day) WHERE NOT archived;",
    )


CHANGES = (
    connect_timeout,
    batch_size,
    release_date,
    weight_limit,
    rounding,
    retry_helper,
    docstring,
    index_definition,
)
