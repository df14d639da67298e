"""What there is around a definition: what its workspace has, and what its past runs have made."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from core.engine.checking.shapes import Shape
from core.engine.code import CodeProblem
from core.engine.parameters import Parameter


def unread(code: str, names: tuple[str, ...]) -> Sequence[CodeProblem]:
    """What is known of code when nobody can read it."""
    return ()


@dataclass(frozen=True, slots=True)
class KnownWorkflow:
    """A workflow of the workspace, as its live version has it.

    `calls` are the names of the workflows that it starts; true for those that every run starts.
    """

    is_live: bool = True
    calls: Mapping[str, bool] = field(default_factory=dict)
    parameters: tuple[Parameter, ...] = ()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Connections with their types, workflows, mail templates, and the shapes of past results.

    `mail_templates` are unknown if None. `name` is what the checked workflow is called, `base_url`
    where calls to this installation go; `samples` are by step id. `read_code` finds what is wrong
    with code that knows these names.
    """

    connections: Mapping[str, str] = field(default_factory=dict)
    workflows: Mapping[str, KnownWorkflow] = field(default_factory=dict)
    mail_templates: frozenset[str] | None = None
    name: str = ""
    base_url: str = ""
    samples: Mapping[str, Shape] = field(default_factory=dict)
    read_code: Callable[[str, tuple[str, ...]], Sequence[CodeProblem]] = unread
