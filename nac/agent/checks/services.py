"""Notebooks and model servers among the listeners: known by their processes, and where that fails by their ports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from nac.agent.listeners import Listener
from nac.agent.machine import Machine

Kind = Literal["notebook", "model-server", "other"]

NOTEBOOKS: Final = ("jupyter", "marimo", "zeppelin", "rstudio", "rserver")
"""How the names of notebook programs begin."""

JUPYTER_MODULES: Final = frozenset({"notebook", "jupyterlab", "nbclassic", "jupyter_server"})
"""What stands behind `python -m` for Jupyter."""

MODEL_SERVERS: Final = (
    "ollama",
    "vllm",
    "llama-server",
    "llama_cpp",
    "text-generation",
    "text_generation",
    "tritonserver",
    "sglang",
    "lmstudio",
    "lm-studio",
    "local-ai",
    "koboldcpp",
    "mlc_llm",
)
"""How the names of programs and modules that serve models begin."""

PORTS: Final[Mapping[int, Kind]] = {8888: "notebook", 11434: "model-server"}
"""Ports that are Jupyter's and Ollama's own: a listener there whose process cannot be seen counts as theirs."""


@dataclass(frozen=True)
class Service:
    """A listener with what it is."""

    listener: Listener
    kind: Kind

    @property
    def name(self) -> str:
        """The process, `-` when it cannot be seen."""
        return self.listener.process.comm if self.listener.process else "-"

    def __str__(self) -> str:
        return f"{self.listener} {self.name}"


def services(machine: Machine) -> tuple[Service, ...]:
    """Every TCP listener with its kind. Raises `UnreadableError`."""
    return tuple(Service(one, _kind(one)) for one in machine.listeners if one.protocol == "tcp")


def is_jupyter(listener: Listener) -> bool:
    """Whether the listener's process is a Jupyter server, of which the token can be looked up."""
    return listener.process is not None and any(
        word.startswith("jupyter") or word in JUPYTER_MODULES for word in _words(listener.process.arguments)
    )


def _kind(listener: Listener) -> Kind:
    if listener.process is None:
        return PORTS.get(listener.port, "other")
    words = {listener.process.comm.lower(), *_words(listener.process.arguments)}
    if any(word.startswith(NOTEBOOKS) for word in words) or words & JUPYTER_MODULES:
        return "notebook"
    if any(word.startswith(MODEL_SERVERS) for word in words):
        return "model-server"
    return "other"


def _words(arguments: Sequence[str]) -> set[str]:
    """The program, and the script or `-m module` that an interpreter was given."""
    named = [arguments[0], *(word for word in arguments[1:4] if not word.startswith("-"))] if arguments else []
    return {word.rpartition("/")[2].lower() for word in named}
