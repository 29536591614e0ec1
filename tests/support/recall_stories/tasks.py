"""Tasks in which the model stops half way, so that the user only has to say: continue."""

from support.recall_filler import Filler
from support.recall_writer import Kind, SessionWriter


def port_exporters(w: SessionWriter, filler: Filler, characters: int) -> None:
    w.user(
        "Port the exporters to the new row writer: csv, xml, edifact and parquet, one by one, and "
        "run tests/export after each."
    )
    w.edit("src/parcelhub/export/csv.py", "writer = Rows(out)", "writer = RowWriter(out)")
    w.bash("pytest -q tests/export", "31 passed in 2.11s")
    filler.reading(
        characters,
        say="csv is ported and green. Next comes the XML exporter, which also needs the namespaces "
        "of export/ns.py. I read what I need for it.",
    )
    w.say("I have read these files.")
    w.ask_here(
        Kind.CONTINUE,
        "continue",
        "Port the exporters to the new row writer: csv, xml, edifact and parquet",
        "Next comes the XML exporter, which also needs the namespaces",
    )
    w.user("continue")
    w.edit("src/parcelhub/export/xml.py", "Rows(out, ns=NS)", "RowWriter(out, ns=NS)")
    w.edit("src/parcelhub/export/edifact.py", "Rows(out)", "RowWriter(out, quote=None)")
    w.edit("src/parcelhub/export/parquet.py", "Rows(sink)", "RowWriter(sink)")
    w.bash("pytest -q tests/export", "44 passed in 3.02s")
    w.say("All exporters use the new row writer.")


def double_invoices(w: SessionWriter, filler: Filler, characters: int) -> None:
    w.user(
        "Find out why invoices of returned parcels are mailed twice. Don't fix it before I have "
        "seen the cause."
    )
    w.grep("publish", "src/parcelhub/invoices/events.py:12:    bus.publish(InvoiceIssued(id))")
    filler.reading(
        characters,
        say="It is not the scheduler. What I check next is whether InvoiceIssued is published in "
        "the transaction and once more by its commit hook.",
    )
    w.say("Those look fine.")
    w.ask_here(
        Kind.CONTINUE,
        "weiter",
        "Find out why invoices of returned parcels are mailed twice",
        "whether InvoiceIssued is published in the transaction and once more by its commit hook",
    )
    w.user("weiter")
    w.say("It is the commit hook: it publishes a second time after a return was booked.")
    w.user("I see. Leave it, Thandiwe's team will take it over.")
    w.say("All right.")


def migration_guide(w: SessionWriter, filler: Filler, characters: int) -> None:
    """Begin a task, which is still unfinished at the end."""
    w.user(
        "Write the migration guide for 4.0 into docs/migration.md, with a section each on "
        "settings, webhooks, labels and the CLI."
    )
    w.write(
        "docs/migration.md",
        "# To 4.0\n\n## Settings\n\n`depot` is `site`.\n\n## Webhooks\n\nCheck `X-Signature`.",
    )
    filler.reading(
        characters,
        say="Settings and webhooks are written. I go on with the section on labels, with a table "
        "of the renamed fields; the CLI comes last. For that I look at a few files.",
    )
    w.say("I have gone through the files.")
    for words in ("go on", "Please carry on where you were."):
        w.ask_here(
            Kind.CONTINUE,
            words,
            "Write the migration guide for 4.0 into docs/migration.md",
            "the section on labels, with a table of the renamed fields",
        )
