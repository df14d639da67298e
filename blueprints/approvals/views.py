"""Show the question and take the answer; looking at it changes nothing."""

from flask import Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from blueprints import answers
from blueprints.answers import Typed
from blueprints.approvals import bp
from core.runtime import approvals
from core.runtime.approvals import OPEN, Question
from core.runtime.endpoints import Refused, knocks
from core.runtime.run_summary import say_time

GONE = {approvals.OPEN: 200, approvals.ANSWERED: 200, approvals.EXPIRED: 410, approvals.ENDED: 410}


@bp.get("/approvals/<token>")
def show(token: str) -> Response:
    question, person = opened(token)
    return page(token, question, person, Typed(), GONE[question.state] if question else 404)


@bp.post("/approvals/<token>")
def answer(token: str) -> AnyResponse:
    question, person = opened(token)
    if question is None or question.state != OPEN:
        return redirect(url_for("approvals.show", token=token), 303)
    typed, said = answers.take(question, person)
    if not said:
        return page(token, question, person, typed, 422)
    return redirect(url_for("approvals.show", token=token), 303)


def opened(token: str) -> tuple[Question | None, str]:
    """What this link asks, and whom."""
    address = request.remote_addr or ""
    knocks.check(address)
    found = approvals.by_link(token)
    if found is None:
        knocks.count_wrong(address)
        return None, ""
    return found[0], found[1].email


@bp.errorhandler(Refused)
def on_refused(refused: Refused) -> Response:
    """Too many tries from one address."""
    response = make_response(
        render_template("approvals/refused.html", said=refused.message), refused.status
    )
    response.headers.extend(refused.headers)
    return response


def page(token: str, question: Question | None, person: str, typed: Typed, status: int) -> Response:
    """The page; nobody is to find it by a search engine."""
    made = render_template(
        "approvals/show.html",
        token=token,
        question=question,
        person=person,
        typed=typed,
        say_time=say_time,
        say_value=answers.say_value,
    )
    response = make_response(made, status)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
