"""The steps of a run as its pages show them: the definition walked, the journal beside it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from core.engine import answers
from core.engine.definition import Branch, Definition, Step, walk
from core.engine.step_type import BlockType, Effect, StepType
from core.engine.traces import Trace, Traces, note_turns
from core.runtime.run_attempts import attempts_of
from core.runtime.run_journal import StepRows
from core.runtime.step_view import Attempt, StepView, name_of
from core.storage.run import StepRun, Wait

ITEMS_SHOWN = 50  # turns of a loop on one page
PHASES_BEFORE: Mapping[str, tuple[str, ...]] = {"catch": ("try",), "finally": ("try", "catch")}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the walk is: the path's prefix, how deep, in which turn, and in a path not taken."""

    prefix: str = ""
    depth: int = 0
    item: int | None = None
    item_word: str = "item"
    item_name: str = ""
    is_untaken: bool = False
    turn_state: str = ""
    left: "Left | None" = None


@dataclass(frozen=True, slots=True)
class Left:
    """How a path was left that did not come to its end."""

    at: datetime | None
    error: Mapping[str, Any]


class Standing(Protocol):
    """How a run stands, as far as its steps depend on it."""

    @property
    def state(self) -> str: ...

    @property
    def error(self) -> Any: ...

    @property
    def finished_at(self) -> datetime | None: ...


@dataclass(slots=True)
class StepWalk:
    """Everything the walk looks up."""

    run: Standing
    definition: Definition
    step_types: Mapping[str, StepType]
    traces: Traces
    step_runs: StepRows
    waits: Mapping[str, Wait]
    item_from: Mapping[str, int] = field(default_factory=dict)
    has_turns: bool = True  # without, loops are shown from outside
    numbers: dict[str, int] = field(default_factory=dict)
    under_way: dict[str, set[int]] = field(default_factory=dict)
    failing_ids: frozenset[str] = frozenset()

    def views(self) -> list[StepView]:
        """All steps in reading order; of long loops one page of turns."""
        self.numbers = {step.id: at for at, step in enumerate(self.definition.walk(), start=1)}
        for path in self.step_runs:
            note_turns(self.under_way, path)
        errors = (self.run.error or {}, *self.traces.caught.values())
        ways = (_way_to(self.definition.steps, error.get("step")) for error in errors)
        self.failing_ids = frozenset(id for way in ways for id in way)
        return list(self._walk(self.definition.steps, Place()))

    def _walk(self, steps: tuple[Step, ...], place: Place) -> Iterator[StepView]:
        for step in steps:
            view = self._view(step, place)
            yield view
            if view.is_loop and not self.has_turns:
                continue
            if view.is_loop:
                yield from self._walk_turns(step, view)
            elif step.branches:
                yield from self._walk_branches(step, view, place)

    def _walk_branches(self, step: Step, view: StepView, place: Place) -> Iterator[StepView]:
        for branch in step.branches:
            is_untaken = place.is_untaken or self._is_untaken(branch, view, place)
            yield from self._walk(
                branch.steps,
                replace(
                    place,
                    depth=place.depth + 1,
                    item_name="",
                    is_untaken=is_untaken,
                    left=place.left or self._left(branch, view),
                ),
            )

    def _left(self, branch: Branch, block: StepView) -> Left | None:
        """How a path of a block was left: the block has ended, or a try has gone on to another."""
        error = self.traces.caught.get(block.path, {})
        if branch.key in PHASES_BEFORE.get(self.traces.phases.get(block.path, ""), ()):
            return Left(_moment(error.get("at")), error)
        return Left(block.finished_at, error) if block.state in ("done", "failed") else None

    def _is_untaken(self, branch: Branch, view: StepView, place: Place) -> bool:
        """A path that was passed by: not chosen, or its block is over and nothing in it ran."""
        if view.taken:
            return branch.key not in view.taken
        is_over = view.state in ("done", "failed", "skipped")
        return is_over and not any(self._has_trace(place.prefix + s.id) for s in branch.steps)

    def _walk_turns(self, step: Step, view: StepView) -> Iterator[StepView]:
        body = tuple(inner for branch in step.branches for inner in branch.steps)
        items = (self.traces.at(view.path).opened or {}).get("list")
        end = min(view.item_from + ITEMS_SHOWN, view.item_count or 0)
        begun = self._turns(view.path)
        shown = [index for index in range(view.item_from, end) if index in begun]
        inside = [inner.id for inner in walk(body)]
        self.step_runs.fetch([f"{view.path}/{index}/{id}" for index in shown for id in inside])
        for index in shown:
            name = name_of(items[index]) if items and index < len(items) else ""
            yield from self._walk_turn(body, view, index, name)

    def _walk_turn(
        self, body: tuple[Step, ...], loop: StepView, index: int, name: str
    ) -> Iterator[StepView]:
        prefix = f"{loop.path}/{index}/"
        turn = self.traces.turns.get(loop.path, {}).get(index)
        state = turn.state if turn else ""
        has_steps = any(self._has_trace(prefix + step.id) for step in body)
        depth = loop.depth + 1
        if len(body) != 1 or (turn and not has_steps):
            yield self._turn_view(loop, index, name, self._begun_at(body, prefix))
            depth, name = depth + 1, ""
        else:
            name = f"{index + 1} · {name}" if name else str(index + 1)
        if has_steps or not turn:
            here = Place(prefix, depth, index, loop.turn_word, name, False, state)
            yield from self._walk(body, here)

    def _begun_at(self, body: tuple[Step, ...], prefix: str) -> datetime | None:
        """When the first step of a turn began."""
        paths = (prefix + step.id for step in walk(body))
        traces = (self.traces.steps.get(path) for path in paths)
        return min((t.started_at for t in traces if t and t.started_at), default=None)

    def _turn_view(
        self, loop: StepView, index: int, name: str, begun_at: datetime | None
    ) -> StepView:
        """The line of a whole turn, above its steps or instead of them."""
        turn = self.traces.turns.get(loop.path, {}).get(index)
        return StepView(
            path=f"{loop.path}/{index}",
            step_id=loop.step_id,
            depth=loop.depth + 1,
            type=loop.type,
            label=f"{loop.turn_word.capitalize()} {index + 1}",
            state=turn.state if turn else "running",
            number=loop.number,
            kind=loop.kind,
            icon=loop.icon,
            type_label=f"One {loop.turn_word}",
            is_block=True,
            started_at=begun_at or (turn.at if turn else None),
            finished_at=turn.at if turn else None,
            output=turn.result if turn else None,
            error=turn.error if turn else None,
            item=index,
            item_word=loop.turn_word,
            item_name=name,
            is_turn=True,
        )

    def _view(self, step: Step, place: Place) -> StepView:
        path = place.prefix + step.id
        trace = self.traces.steps.get(path) or Trace()
        row, wait = self._row(path), self.waits.get(path)
        state = self._state(step, trace, row, wait, place)
        started_at, finished_at = self._span(trace, row, state, place)
        attempts = attempts_of(trace, row, self.traces.holds, started_at)
        return StepView(
            path=path,
            step_id=step.id,
            depth=place.depth,
            state=state,
            number=self.numbers[step.id],
            started_at=started_at,
            finished_at=finished_at,
            attempt=row.attempt if row else len(trace.failed_attempts) + 1,
            attempts=attempts,
            inputs=trace.inputs if trace.inputs is not None else row and row.inputs,
            output=trace.output if trace.is_done else row and row.output,
            error=row.error if row and row.error else self._block_error(state, place),
            is_handled=state == "failed" and trace.is_done,
            item=place.item,
            item_word=place.item_word,
            item_name=place.item_name,
            is_untaken=place.is_untaken,
            why=trace.skipped,
            is_dropped=_is_dropped(row, wait),
            is_wait="wake_at" in (trace.opened or {}) or bool(wait and wait.kind != "retry"),
            wait_kind=wait.kind if wait and state == "waiting" else "",
            wake_at=wait.wake_at if wait and state == "waiting" else None,
            key=row.key if row else "",
            sent_at=_sent_at(trace, attempts),
            sent_fence=row.fence if row and _is_sent(row) else 0,
            **self._about_kind(step),
            **self._about_block(step, path, trace),
        )

    def _row(self, path: str) -> StepRun | None:
        """The step run at that path, unless it was opened again since."""
        row = self.step_runs.get(path)
        return None if row and row.round < self.traces.open_since.get(path, 0) else row

    def _about_kind(self, step: Step) -> dict[str, Any]:
        """What the step's kind says about it; a kind that is gone leaves its key."""
        step_type = self.step_types.get(step.type)
        if step_type is None:
            return {"type": step.type, "label": step.label or step.type, "type_label": step.type}
        return {
            "type": step.type,
            "label": step.label or step_type.label,
            "kind": step_type.category,
            "icon": step_type.icon,
            "type_label": step_type.label,
        }

    def _about_block(self, step: Step, path: str, trace: Trace) -> dict[str, Any]:
        """The paths a block has taken, the turns of a loop."""
        taken = tuple((trace.opened or {}).get("taken") or ())
        labels = tuple(b.label or b.key for b in step.branches if b.key in taken)
        facts = {"is_block": bool(step.branches), "taken": taken, "taken_labels": labels}
        step_type = self.step_types.get(step.type)
        if not (isinstance(step_type, BlockType) and step_type.is_loop):
            return facts
        return facts | {
            "is_loop": True,
            "item_count": self._item_count(path, trace),
            "items_begun": len(self._turns(path)),
            "item_from": self._first_item(path, trace),
            "failed_items": self._failed_items(path),
        }

    def _state(
        self, step: Step, trace: Trace, row: StepRun | None, wait: Wait | None, place: Place
    ) -> str:
        if trace.skipped or (row and row.state == "skipped"):
            return "skipped"
        if row and row.state == "failed":
            return "failed"
        if trace.is_done or (row and row.state == "succeeded"):
            return "done"
        if row is None and wait is None and trace.started_at is None:
            return "not_reached"
        return self._unfinished_state(step, row, wait, place)

    def _unfinished_state(
        self, step: Step, row: StepRun | None, wait: Wait | None, place: Place
    ) -> str:
        """Begun and not ended: what it is depends on how the run itself stands."""
        if place.turn_state:
            return "failed" if place.turn_state == "failed" else "done"
        if place.left:
            return "failed" if step.branches and step.id in self.failing_ids else "interrupted"
        if _is_dropped(row, wait):
            return "interrupted"
        match self.run.state:
            case "waiting":
                return "waiting"
            case "running":
                return "waiting" if wait and wait.answered_at is None else "running"
            case "failed" if step.id in self.failing_ids:
                return "failed"
            case _:
                return "interrupted"

    def _block_error(self, state: str, place: Place) -> Mapping[str, Any] | None:
        """The failure that passed through this block on its way out."""
        error = place.left.error if place.left else self.run.error
        if state == "failed" and error and isinstance(error, Mapping):
            return error
        return None

    def _span(
        self, trace: Trace, row: StepRun | None, state: str, place: Place
    ) -> tuple[datetime | None, datetime | None]:
        """From its first sign to its end."""
        firsts = [trace.started_at, row and row.started_at]
        firsts += [failed.at for failed in trace.failed_attempts[:1]]
        started_at = min((at for at in firsts if at), default=None)
        if state in ("running", "waiting", "not_reached"):
            return started_at, None
        lasts = [trace.finished_at, row and row.finished_at]
        ended_at = max((at for at in lasts if at), default=None)
        left_at = place.left.at if place.left else self.run.finished_at
        return started_at, ended_at or (left_at if started_at else None)

    def _has_trace(self, path: str) -> bool:
        return path in self.traces.steps or path in self.step_runs

    def _item_count(self, path: str, trace: Trace) -> int:
        known = (trace.opened or {}).get("list")
        if isinstance(known, list):
            return len(known)
        return max(self._turns(path), default=-1) + 1

    def _turns(self, path: str) -> set[int]:
        """The indexes of the turns that have at least begun."""
        return self.traces.begun.get(path, set()) | self.under_way.get(path, set())

    def _first_item(self, path: str, trace: Trace) -> int:
        last = max(self._item_count(path, trace) - 1, 0)
        wished = min(max(self.item_from.get(path, 0), 0), last)
        return wished - wished % ITEMS_SHOWN

    def _failed_items(self, path: str) -> tuple[int, ...]:
        turns = self.traces.turns.get(path, {})
        return tuple(sorted(index for index, turn in turns.items() if turn.state == "failed"))


def _way_to(steps: tuple[Step, ...], step_id: Any) -> tuple[str, ...]:
    """The step of that id and the blocks around it, inner last."""
    for step in steps:
        if step.id == step_id:
            return (step.id,)
        for branch in step.branches:
            if inner := _way_to(branch.steps, step_id):
                return (step.id, *inner)
    return ()


def _is_dropped(row: StepRun | None, wait: Wait | None) -> bool:
    """Whether a path beside it has failed, and what it had begun is awaited no longer."""
    if wait is not None:
        return bool(wait.payload == answers.DROPPED)
    return row is not None and row.state == "unknown"


def _sent_at(trace: Trace, attempts: Sequence[Attempt]) -> datetime | None:
    """When its last try began; what a person had run again has no try of its own."""
    moments = [trace.sent_again_at, attempts[-1].started_at if attempts else None]
    return max((at for at in moments if at), default=None)


def _is_sent(row: StepRun) -> bool:
    """Whether the last worker that wrote it did so for sending it out."""
    is_outside = row.effect_class in (Effect.REPEATABLE, Effect.ONCE)
    return is_outside and row.state in ("started", "succeeded", "failed")


def _moment(text: Any) -> datetime | None:
    """The time in an error object, if it has one."""
    return datetime.fromisoformat(text) if isinstance(text, str) else None
