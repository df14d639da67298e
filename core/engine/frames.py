"""What a step sees while it runs: outputs of earlier steps, variables, the current item."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any


class StepOutputs(Mapping[str, Any]):
    """Outputs by step id: null for a step that has not run, KeyError for one that isn't there.

    A layer over its parent keeps what a loop's turn or a parallel path adds to itself.
    """

    __slots__ = ("_known", "_local", "_parent")

    def __init__(self, known: frozenset[str], parent: "StepOutputs | None" = None) -> None:
        self._known = known
        self._parent = parent
        self._local: dict[str, Any] = {}

    def __getitem__(self, step_id: str) -> Any:
        layer: StepOutputs | None = self
        while layer is not None:
            if step_id in layer._local:
                return layer._local[step_id]
            layer = layer._parent
        if step_id in self._known:
            return None
        raise KeyError(step_id)

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def put(self, step_id: str, output: Any) -> None:
        """Keep a step's output in this layer."""
        self._local[step_id] = output

    def layer(self) -> "StepOutputs":
        """A new layer that reads through to this one."""
        return StepOutputs(self._known, self)

    def merge(self, layer: "StepOutputs") -> None:
        """Take over what a layer has gathered."""
        self._local.update(layer._local)


@dataclass(slots=True)
class Variables:
    """The variables of a frame, and the name under which the journal keeps its changes."""

    frame: str
    values: dict[str, Any]


@dataclass(slots=True)
class Frame:
    """Where a cursor stands: path prefix, visible values, and deadlines of enclosing blocks."""

    prefix: str
    outputs: StepOutputs
    variables: Variables
    scope: dict[str, Any]
    deadlines: tuple[tuple[str, datetime], ...] = ()

    @classmethod
    def root(
        cls, known: frozenset[str], shared: Mapping[str, Any], values: dict[str, Any]
    ) -> "Frame":
        """The frame of a run's own steps; `shared` holds trigger, run, workspace and the like."""
        outputs = StepOutputs(known)
        scope = {**shared, "steps": outputs, "vars": values, "loops": {}}
        return cls("", outputs, Variables("", values), scope)

    def turn(
        self, loop: str, index: int, item: Mapping[str, Any], own: Variables | None
    ) -> "Frame":
        """The frame of one turn of a loop; `item` holds `item` if the loop has items."""
        outputs = self.outputs.layer()
        variables = own or self.variables
        turn = {"index": index, **item}
        scope = {
            **self.scope,
            "steps": outputs,
            "vars": variables.values,
            "loops": {**self.scope["loops"], loop: turn},
            **turn,
        }
        return Frame(f"{self.prefix}{loop}/{index}/", outputs, variables, scope, self.deadlines)

    def path(self, own: Variables) -> "Frame":
        """The frame of one path that runs beside others: it neither sees nor shows their steps."""
        outputs = self.outputs.layer()
        scope = {**self.scope, "steps": outputs, "vars": own.values}
        return Frame(self.prefix, outputs, own, scope, self.deadlines)

    def with_error(self, error: Any) -> "Frame":
        """The same frame with `error` in scope, for a catch."""
        scope = {**self.scope, "error": error}
        return Frame(self.prefix, self.outputs, self.variables, scope, self.deadlines)

    def until(self, path: str, deadline: datetime) -> "Frame":
        """The same frame, to be left when the block at `path` has used up its time."""
        return replace(self, deadlines=(*self.deadlines, (path, deadline)))

    def without_deadline(self, path: str | None) -> "Frame":
        """The same frame, no longer bound by the time of the block at `path`, or of any."""
        kept = tuple(known for known in self.deadlines if path not in (None, known[0]))
        return replace(self, deadlines=kept)
