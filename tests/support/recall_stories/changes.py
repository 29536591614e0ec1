"""Stories in which a value changes three times, and is asked for after that."""

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


def pool_size(w: SessionWriter) -> Iterator[None]:
    first, second, third = w.random.sample([14, 18, 26, 34, 42], 3)
    w.user("Postgres refuses connections at noon. How large is our pool?")
    w.bash("grep POOL_SIZE deploy/web.env", "POOL_SIZE=60")
    w.bash(f"sed -i s/POOL_SIZE=60/POOL_SIZE={first}/ deploy/web.env", "")
    w.say("It was far too large for four hosts. I lowered it.")
    yield
    w.user("Now requests wait for a connection. A bit more, please.")
    w.bash(f"sed -i s/POOL_SIZE={first}/POOL_SIZE={second}/ deploy/web.env", "")
    w.say("A bit more it is.")
    yield
    w.user("There is a fifth host now, so think again.")
    w.bash(f"sed -i s/POOL_SIZE={second}/POOL_SIZE={third}/ deploy/web.env", "")
    w.say("With five hosts that leaves ten connections for the jobs.")
    yield
    w.ask(
        Kind.VALUE_NOW,
        "how many database connections may a web host open by now?",
        f"POOL_SIZE={third}",
    )


def support_address(w: SessionWriter) -> Iterator[None]:
    w.user("Mails from the portal should come from help@parcelhub.example.")
    w.edit("src/parcelhub/mail/sender.py", "SENDER = ''", "SENDER = 'help@parcelhub.example'")
    w.say("They do now.")
    yield
    w.user("Support says help@ is full of spam. Use portal@parcelhub.example in the mails.")
    w.say("I will change it with the next commit.")
    w.user("Wait, better care@parcelhub.example. Marketing insists.")
    w.edit(
        "src/parcelhub/mail/sender.py",
        "SENDER = 'help@parcelhub.example'",
        "SENDER = 'care@parcelhub.example'",
    )
    w.say("Changed; the mails have the new sender.")
    yield
    w.user("Marketing changed its mind: hello@parcelhub.example, and that is final.")
    w.edit(
        "src/parcelhub/mail/sender.py",
        "SENDER = 'care@parcelhub.example'",
        "SENDER = 'hello@parcelhub.example'",
    )
    w.say("Done.")
    yield
    w.ask(
        Kind.VALUE_NOW,
        "Who is the sender of the portal's mails in the end?",
        "SENDER = 'hello@parcelhub.example'",
    )


def cut_off(w: SessionWriter) -> Iterator[None]:
    w.user("Shops can order a pickup for the same day until 15:00, show that on the page.")
    w.say("The page shows the hour now.")
    yield
    w.user("The drivers leave earlier in winter: same day pickup ends at 13:00.")
    w.say("The page says 13:00.")
    yield
    w.user("Let the same day pickup end at 14:00, two drivers stay longer.")
    w.say("All right, 14:00.")
    w.user("no wait, they said a quarter past, so 14:15")
    w.say("Corrected.")
    yield
    w.ask(
        Kind.VALUE_NOW,
        "Until when can a shop order a pickup for the same day, after all?",
        "14:15",
    )


CHANGES = (
    connect_timeout,
    batch_size,
    release_date,
    weight_limit,
    pool_size,
    support_address,
    cut_off,
)
