"""How views answer: the page, or the fragments of it that htmx asked for."""

import re
from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from markupsafe import Markup

ROOT_ID = re.compile(r'<[a-z][^>]*?\sid="([^"]+)"')
TOAST = "layouts/_toast.html"
TOASTS_ID = "toasts"
DONE, FAILED = "done", "failed"  # what a toast tells of


def render(page: str, *partials: str, status: int = 200, **context: Any) -> Response:
    """Answer a GET with the page, or with those of its partials that change."""
    if partials and wants_partials():
        return answer(join(*partials, **context), status)
    return answer(render_template(page, **context), status)


def render_change(
    *partials: str, otherwise: str, toast: str = "", status: int = 200, **context: Any
) -> Response:
    """Answer a change with the partials it touched; a browser without htmx goes to `otherwise`."""
    if wants_partials():
        return answer(join(*partials, **context) + toast_partial(toast), status)
    if toast:
        flash(toast, DONE)
    return answer(redirect(otherwise, 303))


def go_to(url: str, *, toast: str = "", failed: bool = False) -> Response:
    """Lead the browser to another page after a change, with or without htmx."""
    if toast:
        flash(toast, FAILED if failed else DONE)
    if request.htmx:
        # A 303 would be followed inside the swap.
        return answer("", 204, {"HX-Redirect": url})
    return answer(redirect(url, 303))


def refuse(message: str, status: int) -> Response:
    """Answer a fragment request with a toast; what is on the page stays as it is."""
    html = render_template(TOAST, message=message, failed=True)
    headers = {"HX-Retarget": f"#{TOASTS_ID}", "HX-Reswap": "beforeend"}
    return answer(html, status, headers)


def ask_to_sign_in() -> Response:
    """Lead a stranger to the sign-in page, and back afterwards."""
    if request.htmx:
        return answer("", 401, {"HX-Redirect": url_for("sessions.sign_in")})
    here = request.full_path.rstrip("?") if request.method == "GET" else None
    return answer(redirect(url_for("sessions.sign_in", next=here), 303))


def answer(body: Any, status: int | None = None, headers: dict[str, str] | None = None) -> Response:
    response = make_response(body)
    if status is not None:
        response.status_code = status
    response.headers.update(headers or {})
    response.vary.add("HX-Request")
    return response


def join(first: str, *others: str, **context: Any) -> str:
    """The first partial lands where htmx aimed, the others find their own ids."""
    pieces = [render_template(first, **context)]
    pieces += [elsewhere(render_template(other, **context)) for other in others]
    return "\n".join(pieces)


def elsewhere(html: str, swap: str = "outerHTML") -> str:
    """Wrap a partial so that htmx puts it in the place of the element with its id."""
    root = ROOT_ID.search(html)
    if root is None:
        raise ValueError(f"a partial needs an id on its root element: {html[:80]}")
    return f'<hx-partial hx-target="#{root[1]}" hx-swap="{swap}">{html}</hx-partial>'


def toast_partial(message: str) -> str:
    if not message:
        return ""
    toast = render_template(TOAST, message=Markup.escape(message), failed=False)
    return f'\n<hx-partial hx-target="#{TOASTS_ID}" hx-swap="beforeend">{toast}</hx-partial>'


def wants_partials() -> bool:
    """Whether htmx asks for fragments: boosted and history requests get the page."""
    htmx = request.htmx
    if not htmx or htmx.boosted or htmx.history_restore_request:
        return False
    return request.headers.get("HX-Request-Type") != "full"
