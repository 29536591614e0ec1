"""Recommended models by memory and purpose: names and sizes of the Ollama library in 2026."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RecommendedModel:
    """A model, what it is for, the GB of memory that it needs, and the size of its download."""

    name: str
    purpose: str
    memory_gb: int
    download_size: str

    @property
    def pull_command(self) -> str:
        """The command that installs it."""
        return f"ollama pull {self.name}"


RECOMMENDED = (
    RecommendedModel("qwen2.5-coder:7b", "agent, the default: simple jobs", 8, "4.7 GB"),
    RecommendedModel("qwen3:8b", "agent: thinks, better at tools", 8, "5.2 GB"),
    RecommendedModel("qwen3:14b", "agent: thinks", 12, "9.3 GB"),
    RecommendedModel("gpt-oss:20b", "agent: thinks, always", 16, "14 GB"),
    RecommendedModel("devstral:24b", "agent: made for it", 24, "14 GB"),
    RecommendedModel("qwen3-coder:30b", "agent: made for it, fast", 24, "19 GB"),
    RecommendedModel("glm-4.7-flash", "agent: thinks", 32, "19 GB"),
    RecommendedModel("gpt-oss:120b", "agent: thinks, always", 80, "65 GB"),
    RecommendedModel("qwen3:4b", "small jobs (`roles.haiku`)", 4, "2.5 GB"),
    RecommendedModel("qwen2.5vl:7b", "images, but no tools", 8, "6.0 GB"),
    RecommendedModel("qwen3-vl:8b", "images and tools", 8, "6.1 GB"),
    RecommendedModel("gemma3:12b", "images, but no tools", 12, "8.1 GB"),
)


def find_download_size(model: str) -> str:
    """Return the size of a model's download such as `4.7 GB`, or "" if it is not known."""
    sizes = {recommended.name: recommended.download_size for recommended in RECOMMENDED}
    return sizes.get(model, "")
