"""Questions that share no content word with the text that answers them."""

from typing import NamedTuple

from recall.dialogue import Dialogue
from recall.plant import Material, Plant, ask


class Paraphrase(NamedTuple):
    """A fact, a question in other words (also in German), and the answer within the fact."""

    fact: str
    question: str
    german: str
    answer: str


PARAPHRASES = (
    Paraphrase("Legal says we erase personal data within {n} days.",
               "What's the deadline for forgetting someone who leaves us?",
               "Bis wann müssen wir jemanden vergessen, der kündigt?", "within {n} days"),
    Paraphrase("The slowness came from DNS: each lookup waited {n} ms for a dead resolver.",
               "Why did everything take forever?",
               "Weshalb war alles so träge?", "{n} ms for a dead resolver"),
    Paraphrase("Nightly backups block writes for {n} seconds.",
               "How long is nothing stored while the copy is made?",
               "Wie lange wird nichts gespeichert, während die Sicherung läuft?",
               "block writes for {n} seconds"),
    Paraphrase("Keep logs for {n} hours, the auditors look at them.",
               "How much history do we have to retain for the inspection?",
               "Wie lange müssen Protokolle aufbewahrt werden?", "for {n} hours"),
    Paraphrase("Passwords are hashed with argon2id, memory {n} kB.",
               "How do we protect credentials?",
               "Wie schützen wir Zugangsdaten?", "argon2id, memory {n} kB"),
    Paraphrase("Uploads above {n} kB are refused by the load balancer.",
               "What's the biggest attachment somebody can send?",
               "Wie groß darf ein Anhang höchstens sein?", "above {n} kB"),
    Paraphrase("Thumbnails are made by libvips {n}.",
               "Which tool shrinks our pictures?",
               "Womit verkleinern wir Bilder?", "libvips {n}"),
    Paraphrase("Prices come in cents and are capped at {n}.",
               "How is money represented, and what is the most expensive amount?",
               "Wie stellen wir Geldbeträge dar?", "in cents and are capped at {n}"),
    Paraphrase("Staging is wiped every Sunday at 03:{m}.",
               "When does the test environment lose its contents?",
               "Wann verliert die Testumgebung ihre Inhalte?", "every Sunday at 03:{m}"),
    Paraphrase("If the mail relay is down we try again {n} times.",
               "How many attempts are there to deliver a message during an outage?",
               "Wie oft versuchen wir bei einem Ausfall, eine Nachricht zuzustellen?",
               "try again {n} times"),
    Paraphrase("Free accounts may have {n} projects.",
               "How much can somebody create without paying?",
               "Wie viel darf man anlegen, ohne zu bezahlen?", "may have {n} projects"),
    Paraphrase("The animation is off on Android builds below {n}, old phones choke on it.",
               "On which devices do we skip motion effects?",
               "Auf welchen Geräten lassen wir Bewegungseffekte weg?", "builds below {n}"),
    Paraphrase("{person} has the deployment keys in safe {n}.",
               "Who can roll out to production?",
               "Wer kann in Produktion ausrollen?", "{person} has the deployment keys in safe {n}"),
    Paraphrase("Nobody pushes to main, not even for typos, since incident {n}.",
               "Am I allowed to change the trunk directly, and if no, what was the trigger?",
               "Darf ich direkt auf den Hauptzweig schreiben?", "since incident {n}"),
    Paraphrase("The crash was an integer overflow in the row counter at {n} million.",
               "What was behind the outage?",
               "Was steckte hinter dem Ausfall?", "integer overflow in the row counter at {n}"),
    Paraphrase("Windows forbids colons, so exported names have a dash and {n} as suffix.",
               "How do we get around Microsoft's restriction for saved documents?",
               "Wie umgehen wir die Einschränkung von Microsoft bei Dateien?",
               "a dash and {n} as suffix"),
    Paraphrase("The VPN drops everybody after {n} minutes.",
               "How soon am I disconnected when I work from home?",
               "Wann werde ich im Homeoffice getrennt?", "after {n} minutes"),
    Paraphrase("Search must come back within {n} ms or the shop falls back to categories.",
               "How fast do queries have to be answered?",
               "Wie schnell müssen Anfragen beantwortet werden?", "within {n} ms"),
    Paraphrase("The accountants want invoices rounded per line, ruling {n}.",
               "What did the finance people ask for regarding bills?",
               "Was verlangt die Buchhaltung bei Rechnungen?", "rounded per line, ruling {n}"),
    Paraphrase("The intern's laptop has {n} MB of RAM, the suite must run on it.",
               "How small does the footprint need to be for our newest colleague?",
               "Wie klein muss der Speicherbedarf für den Neuen sein?", "{n} MB of RAM"),
    Paraphrase("Carrier pickups happen at 16:{m}, anything packed afterwards waits.",
               "Until when must a parcel be ready to leave today?",
               "Bis wann muss ein Paket fertig sein, damit es heute rausgeht?", "at 16:{m}"),
    Paraphrase("French shops need the allergen table, form {n}.",
               "What is mandatory for stores in Paris?",
               "Was ist für Läden in Paris Pflicht?", "allergen table, form {n}"),
)  # fmt: skip


def paraphrase(material: Material, number: int) -> Plant:
    """A question in other words."""
    fact = _filled(material, number)
    scene = _scene(material, fact.fact)
    return Plant("paraphrase", (scene,), ask(material, fact.question), (fact.answer,))


def german_meaning(material: Material, number: int) -> Plant:
    """A question in German that shares no word with the English text."""
    fact = _filled(material, number)
    scene = _scene(material, fact.fact)
    return Plant("German", (scene,), ask(material, fact.german), (fact.answer,))


def _filled(material: Material, number: int) -> Paraphrase:
    words = material.words
    values = {
        "n": words.number(), "m": words.random.randrange(11, 59), "person": words.person(),
    }  # fmt: skip
    return Paraphrase(*(text.format(**values) for text in PARAPHRASES[number % len(PARAPHRASES)]))


def _scene(material: Material, fact: str) -> Dialogue:
    """Return turns in which a fact is said, by the way or as what was found out."""
    random, words, tree, writer = material
    file = tree.take(60, 260)
    function = random.choice(file.functions)
    lines = (function.first_line, function.last_line)
    if random.random() < 0.6:
        writer.user(
            words.pick(
                f"{fact} Keep that in mind. And now tell me what {function.name} does.",
                f"What's {function.name} in {file.name} for? Oh, and before I forget: {fact}",
                f"one more thing: {fact} but first read {function.name}",
            )
        )
        writer.read(file, "", lines)
        writer.assistant(function.summary or f"`{function.name}` is a helper of its module.")
    else:
        writer.user(f"check {file.name} against the wiki page")
        writer.read(file, "", lines)
        writer.assistant(f"The code agrees with the page. The page also says: {fact}")
    return writer.end()
