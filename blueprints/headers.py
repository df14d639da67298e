"""What every answer tells the browser to allow."""

from flask import Flask, Response, request

from blueprints.policy import ROUTES, Verb

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
PAGES = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cache-Control": "no-store",
}


def install(app: Flask) -> None:
    """Set the headers; a view that set its own keeps it."""
    app.after_request(add_headers)


def add_headers(response: Response) -> Response:
    is_page = ROUTES.get(request.endpoint or "") is not Verb.CALL
    for name, value in (ALWAYS | PAGES if is_page else ALWAYS).items():
        response.headers.setdefault(name, value)
    return response
