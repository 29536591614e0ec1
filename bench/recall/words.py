"""Names and numbers as projects have them, drawn at random."""

from random import Random

_THINGS = (
    "ledger", "quote", "tariff", "parcel", "roster", "invoice", "catalog", "mandate", "ticket",
    "cohort", "voucher", "depot", "meter", "claim", "fare", "harvest", "permit", "payout",
    "sensor", "transcript", "tenant", "webhook", "coupon", "shipment",
)  # fmt: skip
_JOBS = (
    "sync", "import", "export", "gateway", "mirror", "worker", "reconciler", "scheduler",
    "notifier", "indexer", "archiver", "validator",
)  # fmt: skip
_PLACES = ("lund", "porto", "graz", "oulu", "brno", "cork", "lviv", "turin", "ghent", "tartu")
_PEOPLE = (
    "Mirela", "Oskar", "Priya", "Tomasz", "Ingrid", "Kwame", "Yuki", "Leila", "Bastian", "Noor",
    "Helge", "Dario",
)  # fmt: skip


class Words:
    """Draws names; a service is never drawn twice."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self._services = [f"{thing}-{job}" for thing in _THINGS for job in _JOBS]
        random.shuffle(self._services)

    def service(self) -> str:
        """Return the name of a service, such as `ledger-sync`."""
        return self._services.pop()

    def thing(self) -> str:
        """Return what a program is about, such as an invoice."""
        return self.random.choice(_THINGS)

    def host(self) -> str:
        """Return the name of a host."""
        number = self.random.randrange(2, 40)
        return f"{self.random.choice(('db', 'app', 'mq', 'gw'))}-{number}.{self.place()}.internal"

    def place(self) -> str:
        """Return a place."""
        return self.random.choice(_PLACES)

    def person(self) -> str:
        """Return a first name."""
        return self.random.choice(_PEOPLE)

    def number(self, low: int = 1100, high: int = 9899) -> int:
        """Return a number that is hardly anywhere else."""
        number = self.random.randrange(low, high)
        return number + 1 if number % 10 == 0 else number

    def hash(self, length: int = 8) -> str:
        """Return a hexadecimal number."""
        return f"{self.random.getrandbits(4 * length):0{length}x}"

    def version(self) -> str:
        """Return a version."""
        return ".".join(str(self.random.randrange(low, 40)) for low in (1, 2, 2))

    def address(self) -> str:
        """Return an address with a port."""
        octets = ".".join(str(self.random.randrange(1, 250)) for _ in range(3))
        return f"10.{octets}:{self.number(2000, 9800)}"

    def pick(self, *choices: str) -> str:
        """Return one of the choices."""
        return self.random.choice(choices)
