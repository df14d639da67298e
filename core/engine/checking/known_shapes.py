"""The shapes of all that expressions may read: they flow from the start through the steps."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from core.engine.checking import shapes
from core.engine.checking.inference import Inference
from core.engine.checking.shapes import ANY, NUMBER, OBJECT, TEXT, Shape
from core.engine.definition import Definition, Step
from core.engine.parameters import Parameter
from core.engine.scope import ANSWERS, ECHOED, ERROR, RUN, SET_VARIABLES, WORKSPACE
from core.engine.step_type import BlockType, StepType
from core.engine.visibility import Layout

KINDS = {"text": TEXT, "date": TEXT, "email": TEXT, "url": TEXT, "number": NUMBER}
KINDS |= {"yes_no": shapes.YES_NO, "object": OBJECT}
ERROR_SHAPE = shapes.of_keys(
    {
        **{key: shapes.of_value(each) for key, each in ERROR.items()},
        "status": NUMBER,
        "response": ANY,
    }
)
RUN_SHAPE = replace(shapes.of_value(RUN), is_closed=False)
WORKSPACE_SHAPE = replace(shapes.of_value(WORKSPACE), is_closed=False)
RESULTS = "results"  # what a loop has kept of its turns


@dataclass(slots=True)
class KnownShapes:
    """By step, by loop and by remembered name; learned once for each check."""

    layout: Layout
    samples: Mapping[str, Shape]
    trigger: Shape
    has_open_variables: bool
    steps: dict[str, Shape] = field(default_factory=dict)
    items: dict[str, Shape] = field(default_factory=dict)
    variables: dict[str, Shape] = field(default_factory=dict)
    is_learning: bool = True

    def inference_at(self, step_id: str | None, *, in_body: bool = False) -> Inference:
        """A look at an expression of that step's fields."""
        return Inference(lambda root: self._root(root, step_id, in_body))

    def _root(self, root: str, step_id: str | None, in_body: bool) -> Shape:
        match root:
            case "steps":
                return Shape("object", self.steps)
            case "trigger":
                return self.trigger
            case "run":
                return RUN_SHAPE
            case "workspace":
                return WORKSPACE_SHAPE
            case "index":
                return NUMBER
            case "vars" if not self.is_learning and not self.has_open_variables:
                return Shape("object", self.variables)
        return self._root_at(root, step_id, in_body) if step_id is not None else ANY

    def _root_at(self, root: str, step_id: str, in_body: bool) -> Shape:
        if root == "error" and self.layout.is_in_catch(step_id):
            return ERROR_SHAPE
        if root not in ("item", "loops"):
            return ANY
        if root == "item":
            giver = self.layout.giver_of_item(step_id, in_body=in_body)
            return self.items.get(giver.id, ANY) if giver else ANY
        loops = self.layout.loops_around(step_id, in_body=in_body)
        turns = {
            loop.id: Shape("object", {"item": self.items.get(loop.id, ANY), "index": NUMBER})
            for loop in loops
        }
        return Shape("object", turns)

    def learn(self, steps: tuple[Step, ...]) -> None:
        """Take in what these steps make, inner before outer; later ones read earlier ones."""
        for step in steps:
            step_type = self.layout.step_types.get(step.type)
            if step_type is None:
                continue
            if self.layout.is_loop(step) or step_type.has_turns:
                listed = self.inference_at(step.id).of_value(step.inputs.get("list"))
                self.items[step.id] = listed.item or ANY if listed.kind == "list" else ANY
            for branch in step.branches:
                self.learn(branch.steps)
            self.steps[step.id] = self._result(step, step_type)
            if step.type == SET_VARIABLES:
                self._remember(self.steps[step.id])

    def _remember(self, values: Shape) -> None:
        for name, shape in (values.keys or {}).items():
            known = self.variables.get(name)
            self.variables[name] = shape if known is None else shapes.either(known, shape)

    def _result(self, step: Step, step_type: StepType) -> Shape:
        shape = self._expected(step, step_type)
        if step.id in self.samples:
            shape = filled(shape, self.samples[step.id])
        if step.on_error == "continue":  # it may have failed: then its result holds the error
            return ANY if shape.kind != "object" else replace(shape, is_closed=False)
        return shape

    def _expected(self, step: Step, step_type: StepType) -> Shape:
        """What the step's own settings say about its result."""
        if step.type in ECHOED:
            return self.inference_at(step.id).of_value(step.inputs.get(ECHOED[step.type]))
        if isinstance(step_type, BlockType) and self.layout.is_parallel(step):
            return shapes.of_keys({branch.key: ANY for branch in step.branches})
        if not step_type.is_example_exact:
            return ANY
        shape = exact(step_type.example_output)
        if (form := step_type.form(step.inputs)) is not None:
            answers = shapes.of_keys({asked.key: of_parameter(asked) for asked in form})
            return replace(shape, keys={**(shape.keys or {}), ANSWERS: answers})
        if shape.keys is not None and RESULTS in shape.keys:
            return replace(shape, keys={**shape.keys, RESULTS: shapes.of_items(self._kept(step))})
        return shape

    def _kept(self, loop: Step) -> Shape:
        """What a loop keeps of a turn: what it collects, else its body's last result."""
        if "collect" in loop.inputs:
            return self.inference_at(loop.id, in_body=True).of_value(loop.inputs["collect"])
        last = [branch.steps[-1] for branch in loop.branches if branch.steps]
        is_certain = len(last) == 1 and not (last[0].only_when or last[0].disabled)
        return self.steps.get(last[0].id, ANY) if is_certain else ANY


def known_shapes(
    definition: Definition,
    layout: Layout,
    samples: Mapping[str, Shape],
    parameters: tuple[Parameter, ...],
    *,
    has_open_variables: bool,
) -> KnownShapes:
    """Everything that is known of the values of a definition's runs."""
    keys = {parameter.key: of_parameter(parameter) for parameter in parameters}
    known = KnownShapes(layout, samples, Shape("object", keys), has_open_variables)
    known.learn(definition.steps)
    known.is_learning = False
    return known


def of_parameter(parameter: Parameter) -> Shape:
    """The shape of a parameter's value."""
    shape = KINDS.get(parameter.type, ANY)
    return shapes.of_items(shape) if parameter.is_list else shape


def exact(example: Any) -> Shape:
    """The shape that an exact example stands for; what is empty in it may be anything."""
    if not isinstance(example, Mapping):
        return shapes.of_value(example)
    return shapes.of_keys({key: open_part(value) for key, value in example.items()})


def open_part(value: Any) -> Shape:
    if value is None or value in ({}, []):
        return ANY
    if isinstance(value, Mapping):
        return OBJECT
    return shapes.of_value(value)


def filled(shape: Shape, sample: Shape) -> Shape:
    """What is known for certain, and where that is nothing, what a past run has shown."""
    if shape.kind == shapes.ANY_KIND:
        return sample
    if shape.kind != sample.kind:
        return shape
    if shape.kind == "list":
        return replace(shape, item=filled(shape.item or ANY, sample.item or ANY))
    if shape.kind == "object" and sample.keys:
        known = shape.keys or {}
        keys = {key: filled(each, sample.keys.get(key, ANY)) for key, each in known.items()}
        if not shape.is_closed:
            keys = {**sample.keys, **keys}
        return replace(shape, keys=keys, is_sample=shape.is_sample or not known)
    return shape
