"""The words of “Mail me when a run fails”."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from sqlalchemy import Row

from core import config
from core.engine import wording
from core.engine.mail_messages import MailAddress, OutgoingMail

MOST_WORKFLOWS = 20
LONGEST_REASON = 200  # characters


@dataclass(frozen=True, slots=True)
class Group:
    """The failed runs of one workflow: how many, and the newest of them."""

    label: str
    count: int
    runs: Sequence[Row[Any]]


def write(workspace: str, to: MailAddress, groups: Sequence[Group]) -> OutgoingMail:
    """The mail about these failures, as text and as HTML."""
    total = sum(group.count for group in groups)
    where = groups[0].label if len(groups) == 1 else f"{len(groups)} workflows"
    subject = wording.shorten(f"{wording.count(total, 'run')} failed: {where}", 200)
    base = config.current().base_url
    foot = (
        "You get at most one such mail an hour. "
        f"Turn it off, or choose how it is sent: {base}/settings/mail"
    )
    parts = [_text(group, base) for group in groups[:MOST_WORKFLOWS]]
    boxes = "".join(_html(group, base) for group in groups[:MOST_WORKFLOWS])
    left = len(groups) - MOST_WORKFLOWS
    if left > 0:
        parts.append(f"… and {wording.count(left, 'more workflow', 'more workflows')}")
    text = "\n\n".join([*parts, f"{workspace}. {foot}"]) + "\n"
    page = PAGE.format(
        title=escape(subject), workspace=escape(workspace), boxes=boxes, foot=_foot(base)
    )
    return OutgoingMail((to,), subject, text, page)


def _text(group: Group, base: str) -> str:
    lines = [f"{group.label}: {wording.count(group.count, 'failed run')}"]
    for run in group.runs:
        lines += [f"- {_title(run)}: {_reason(run)}", f"  {base}/runs/{run.id}"]
    return "\n".join(lines + _rest(group))


def _html(group: Group, base: str) -> str:
    rows = "".join(
        f'<li style="margin:0 0 8px"><a href="{escape(f"{base}/runs/{run.id}")}" '
        f'style="color:#2453c5">{escape(_title(run))}</a><br>{escape(_reason(run))}</li>'
        for run in group.runs
    )
    more = "".join(f"<p>{escape(line)}</p>" for line in _rest(group))
    head = f"{escape(group.label)}: {wording.count(group.count, 'failed run')}"
    return f'<h2 style="font-size:16px;margin:20px 0 8px">{head}</h2><ul>{rows}</ul>{more}'


def _rest(group: Group) -> list[str]:
    left = group.count - len(group.runs)
    return [f"… and {left} more"] if group.runs and left > 0 else []


def _title(run: Row[Any]) -> str:
    return run.title or f"Run {run.id[-6:]}"


def _reason(run: Row[Any]) -> str:
    return wording.shorten(
        str((run.error or {}).get("message") or "no reason was kept"), LONGEST_REASON
    )


def _foot(base: str) -> str:
    link = f'<a href="{escape(base)}/settings/mail" style="color:#2453c5">Mail settings</a>'
    return f"You get at most one such mail an hour. {link}"


PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>
<body style="margin:0;padding:24px;background:#fff;color:#20262e;font:15px/1.5 sans-serif">
<p style="color:#5b6573;margin:0">{workspace}</p>
<h1 style="font-size:20px;margin:4px 0 0">{title}</h1>
{boxes}
<p style="color:#5b6573;font-size:13px;margin-top:24px">{foot}</p>
</body></html>
"""
