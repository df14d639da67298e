"""Revoke a key: asked before, effective at once."""

from flask import url_for
from werkzeug.wrappers import Response

from blueprints.access import current_person, current_workspace, found
from blueprints.hypermedia import render, render_change
from blueprints.keys import bp
from blueprints.keys.views import CLOSED, INDEX, LIST, shown
from core.runtime import tokens
from core.storage.token import Token

DIALOG = "keys/_revoke.html"


@bp.get("/<token_id>/revocation")
def confirm_revocation(token_id: str) -> Response:
    token = visible_token(token_id)
    return render(INDEX, DIALOG, dialog=DIALOG, token=token, **shown())


@bp.post("/<token_id>/revocation")
def revoke(token_id: str) -> Response:
    token = visible_token(token_id)
    tokens.revoke(token, by=current_person().name)
    return render_change(
        CLOSED,
        LIST,
        otherwise=url_for("keys.index"),
        toast=f"“{token.name}” opens nothing any more",
        **shown(),
    )


def visible_token(token_id: str) -> Token:
    """The key, if it is of this person's workspace; else 404."""
    return found(Token.in_workspace(current_workspace().id, token_id))
