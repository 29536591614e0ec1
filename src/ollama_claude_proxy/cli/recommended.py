"""Models worth having, by what one has and wants: names and sizes of the Ollama library, 2026."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Recommended:
    """A model, what it is for, how many GB of memory it wants, and the size of its download."""

    name: str
    purpose: str
    memory: int
    download: str

    @property
    def pull(self) -> str:
        """The command that installs it."""
        return f"ollama pull {self.name}"


RECOMMENDED = (
    Recommended("qwen2.5-coder:7b", "agent, the default: simple jobs", 8, "4.7 GB"),
    Recommended("qwen3:8b", "agent: thinks, better at tools", 8, "5.2 GB"),
    Recommended("qwen3:14b", "agent: thinks", 12, "9.3 GB"),
    Recommended("gpt-oss:20b", "agent: thinks, always", 16, "14 GB"),
    Recommended("devstral:24b", "agent: made for it", 24, "14 GB"),
    Recommended("qwen3-coder:30b", "agent: made for it, fast", 24, "19 GB"),
    Recommended("glm-4.7-flash", "agent: thinks", 32, "19 GB"),
    Recommended("gpt-oss:120b", "agent: thinks, always", 80, "65 GB"),
    Recommended("qwen3:4b", "small jobs (`roles.haiku`)", 4, "2.5 GB"),
    Recommended("qwen2.5vl:7b", "images, but no tools", 8, "6.0 GB"),
    Recommended("qwen3-vl:8b", "images and tools", 8, "6.1 GB"),
    Recommended("gemma3:12b", "images, but no tools", 12, "8.1 GB"),
)


def download_size(model: str) -> str:
    """Give the size of a model's download in words, or nothing where it is not known."""
    return next((one.download for one in RECOMMENDED if one.name == model), "")
