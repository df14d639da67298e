"""Answers to a change in the editor: only the pieces of the page that differ now."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Response, render_template, url_for
from markupsafe import Markup

from blueprints import hypermedia
from blueprints.editor import canvas
from blueprints.editor.panel import panel_of
from blueprints.editor.workbench import Workbench

ALWAYS = ("editor/_saved.html", "editor/_history.html", "editor/_problems.html")
PLACES = ("#saved", "#history", "#problems")


@dataclass(frozen=True)
class Before:
    """The canvas as the browser still shows it."""

    nodes: Mapping[str, canvas.Node]
    is_empty: bool

    @classmethod
    def of(cls, bench: Workbench) -> "Before":
        """Taken from a workbench before the change."""
        return cls({node.id: node for node in canvas.walk(bench.nodes)}, bench.is_empty)


@dataclass
class Answer:
    """The pieces of one answer."""

    bench: Workbench
    pieces: list[str] = field(default_factory=list)

    def put(self, target: str, html: str = "", swap: str = "outerHTML") -> None:
        """Add a piece that goes to a place of the page."""
        self.pieces.append(
            Markup('<hx-partial hx-target="{}" hx-swap="{}">{}</hx-partial>').format(
                target, swap, Markup(html)
            )
        )

    def draw(self, target: str, template: str, swap: str = "outerHTML", **context: Any) -> None:
        """Add a rendered template."""
        self.put(target, render_template(template, bench=self.bench, **context), swap)

    def whole_flow(self) -> None:
        """Draw the canvas anew, keeping what has not changed."""
        self.draw("#flow", "editor/_flow.html", "outerMorph")
        self.draw("#actions", "editor/_actions.html")

    def insert(self, step_id: str) -> None:
        """Put a step's node behind its neighbour."""
        node = self._node(step_id)
        owner, _, _ = node.place.partition(":")
        anchor = self._anchor_of(node, owner)
        self.draw(anchor, "editor/_one_node.html", "afterend", node=node)

    def remove(self, step_id: str) -> None:
        """Take a node away."""
        self.put(f"#step-{step_id}", swap="delete")

    def redraw(self, step_id: str) -> None:
        """Draw a node with all inside it anew."""
        self.draw(f"#step-{step_id}", "editor/_one_node.html", node=self._node(step_id))

    def differences(self, before: Before, *, but: Iterable[str] = ()) -> None:
        """Cards and places that look different now."""
        drawn = set(but)
        for node in canvas.walk(self.bench.nodes):
            old = before.nodes.get(node.id)
            if old is None or node.id in drawn:
                continue
            if old.card != node.card:
                self.draw(f"#card-{node.id}", "editor/_one_card.html", card=node.card)
            if (old.place, old.place_name) != (node.place, node.place_name):
                self.draw(f"#place-{node.id}", "editor/_one_place.html", node=node)

    def start_card(self) -> None:
        """The first card."""
        self.draw("#card-start", "editor/_one_start.html")

    def panel(self) -> None:
        """The panel for what is selected."""
        self.draw("#panel", "editor/_panel.html", panel=panel_of(self.bench))

    def toast(self, message: str, *, undo: bool = False, failed: bool = False) -> None:
        """A short word at the page's foot, if wished with Undo."""
        template = "editor/_toast_undo.html" if undo else hypermedia.TOAST
        self.draw(f"#{hypermedia.TOASTS_ID}", template, "beforeend", message=message, failed=failed)

    def response(self, *, focus: str = "", status: int = 200, **events: Any) -> Response:
        """The answer with what every change renews."""
        for target, template in zip(PLACES, ALWAYS, strict=True):
            self.draw(target, template)
        self.draw("#workflow-state", "editor/_state.html")
        values = {"workflow_id": self.bench.workflow.id}
        if self.bench.selected:
            values["step"] = self.bench.selected
        said = {"focus": focus, "selected": self.bench.selected, **events}
        headers = {
            "HX-Replace-Url": url_for("editor.show", **values),
            "HX-Trigger": json.dumps({"flow:changed": said}),
        }
        return hypermedia.answer("\n".join(self.pieces), status, headers)

    def _node(self, step_id: str) -> canvas.Node:
        return next(node for node in canvas.walk(self.bench.nodes) if node.id == step_id)

    def _anchor_of(self, node: canvas.Node, owner: str) -> str:
        siblings = [n.id for n in canvas.walk(self.bench.nodes) if n.owner == owner]
        position = siblings.index(node.id)
        if position == 0:
            return f"#start-{owner.replace('.', '-')}"
        return f"#step-{siblings[position - 1]}"
