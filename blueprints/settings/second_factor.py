"""Two-factor sign-in of one's own account: set up, switch off, new recovery codes."""

from collections.abc import Sequence

from flask import request, url_for
from werkzeug.wrappers import Response

from blueprints.access import current_person, me
from blueprints.hypermedia import render, render_change, wants_partials
from blueprints.settings import bp
from blueprints.settings.account import PAGE, shown
from core.runtime import second_factor_changes
from core.runtime.second_factor_changes import SecondFactorRefused

PART = "settings/_second_factor.html"


@bp.post("/account/two-factor/begin")
def begin_second_factor() -> Response:
    try:
        second_factor_changes.begin(current_person())
    except SecondFactorRefused as refused:
        return refusal(refused)
    return changed("")


@bp.post("/account/two-factor/forget")
def forget_second_factor() -> Response:
    second_factor_changes.forget_begun(current_person())
    return changed("")


@bp.post("/account/two-factor/on")
def switch_on_second_factor() -> Response:
    try:
        codes = second_factor_changes.switch_on(
            current_person(), *typed(), address=address(), keep_session=me().session.id
        )
    except SecondFactorRefused as refused:
        return refusal(refused)
    return with_codes(codes, "Two-factor sign-in is on. You are signed out everywhere else.")


@bp.post("/account/two-factor")
def change_second_factor() -> Response:
    try:
        if request.form.get("do") == "off":
            second_factor_changes.switch_off(
                current_person(), *typed(), address=address(), keep_session=me().session.id
            )
            return changed("Two-factor sign-in is off. You are signed out everywhere else.")
        codes = second_factor_changes.new_recovery_codes(
            current_person(), *typed(), address=address()
        )
    except SecondFactorRefused as refused:
        return refusal(refused)
    return with_codes(codes, "The old recovery codes don’t work any more.")


def typed() -> tuple[str, str]:
    return request.form.get("password", ""), request.form.get("code", "")


def address() -> str:
    return request.remote_addr or ""


def changed(toast: str) -> Response:
    return render_change(PART, otherwise=url_for("settings.profile"), toast=toast, **shown())


def with_codes(codes: Sequence[str], toast: str) -> Response:
    """The codes are on this one answer, and never again."""
    context = shown(fresh_codes=codes)
    if wants_partials():
        return render_change(PART, otherwise=url_for("settings.profile"), toast=toast, **context)
    return render(PAGE, **context)


def refusal(refused: SecondFactorRefused) -> Response:
    return render(PAGE, PART, status=422, **shown(factor_problems=refused.problems))
