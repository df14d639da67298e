"""What pages with mails have in common: the mail itself stands in a frame that can do nothing."""

from flask import Response, make_response
from markupsafe import Markup

from blueprints.headers import CONTENT_SECURITY_POLICY

SANDBOX = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
)
TEXT_PAGE = Markup(
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{}</title></head>\n'
    '<body style="margin:0;padding:32px 40px;background:#fff;color:#20262e">'
    '<main><pre style="margin:0;white-space:pre-wrap;overflow-wrap:anywhere;'
    'font:14px/1.6 ui-monospace,monospace">{}</pre></main></body></html>\n'
)
DOCTYPE = "<!doctype html>"


def framed(response: Response) -> Response:
    """A page that may show mails of its own site in a frame."""
    response.headers["Content-Security-Policy"] = f"{CONTENT_SECURITY_POLICY}; frame-src 'self'"
    return response


def content(subject: str, text: str, html: str) -> Response:
    """The mail alone, without scripts, forms or anything from elsewhere."""
    page = html or str(TEXT_PAGE.format(subject, text))
    if not page.lstrip().lower().startswith(DOCTYPE):
        page = f'{DOCTYPE}\n<meta charset="utf-8">\n{page}'
    response = make_response(page)
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
