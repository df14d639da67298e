"""Addresses of stylesheets, scripts, fonts and icons, each with its content's hash in it.

Templates have these names:

    asset_url("css/base.css")           a file of static/, as /static/css/base.css?v=<hash>
    asset_files("js/elements", ".js")   the names of a folder's files, sorted, for asset_url
    vendor_url("htmx.min.js")           a third-party file: htmx.min.js, hx-sse.min.js, fonts.css
    icon_sprite_url()                   <use href="{{ icon_sprite_url() }}#clock"/>

The sprite has a symbol for every line of static/icons.txt (Lucide names) and for every file of
static/icons/ (our own drawings). fonts.css declares the families "Inter" and "JetBrains Mono".
Third-party files are named in package.json and put in place by `./openbuild up`, which also
renews them when package.json, its lock, icons.txt or icons/ change. Whatever carries a hash is
cached for a year.
"""

import hashlib
from functools import cache, lru_cache
from pathlib import Path

from flask import Flask, Response, request, url_for

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "static"
A_YEAR = "public, max-age=31536000, immutable"


def install(app: Flask) -> None:
    """Give templates their asset addresses, and answers their caching."""
    app.jinja_env.globals.update(
        asset_url=asset_url,
        asset_files=asset_files,
        vendor_url=vendor_url,
        icon_sprite_url=icon_sprite_url,
    )
    app.after_request(keep_what_carries_a_hash)


def asset_url(name: str) -> str:
    """The address of a file below static/."""
    if name.startswith("vendor/"):
        return vendor_url(name.removeprefix("vendor/"))
    file = STATIC / name
    return url_for("static", filename=name, v=content_hash(file, file.stat().st_mtime_ns))


def asset_files(folder: str, suffix: str) -> list[str]:
    """The names of a folder's files and its subfolders', ready for asset_url."""
    found = (STATIC / folder).rglob(f"*{suffix}")
    return sorted(file.relative_to(STATIC).as_posix() for file in found)


def vendor_url(name: str) -> str:
    """The address of a third-party file."""
    return url_for("static", filename=f"vendor/{vendor_hash()}/{name}")


def icon_sprite_url() -> str:
    """The address of the file with all icons."""
    return vendor_url("icons.svg")


def vendor_folder() -> Path:
    """Where the third-party files of this version of the product are."""
    return STATIC / "vendor" / vendor_hash()


@cache
def vendor_hash() -> str:
    """A name that changes when the third-party files must be made anew."""
    sources = [ROOT / "package.json", ROOT / "package-lock.json", STATIC / "icons.txt"]
    digest = hashlib.sha256()
    for source in sources + sorted((STATIC / "icons").glob("*.svg")):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()[:16]


@lru_cache(maxsize=1024)
def content_hash(file: Path, changed_at: int) -> str:
    """A short hash of what the file holds; `changed_at` makes an edit visible at once."""
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]


def keep_what_carries_a_hash(response: Response) -> Response:
    """Let browsers keep a file whose address changes with its content."""
    if request.endpoint == "static" and response.status_code == 200:
        filename = (request.view_args or {}).get("filename", "")
        if "v" in request.args or filename.startswith("vendor/"):
            response.headers["Cache-Control"] = A_YEAR
    return response
