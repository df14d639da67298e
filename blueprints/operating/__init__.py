"""How the installation does: health, the doctor, copies, and starting to send after a restore."""

from flask import Blueprint

from blueprints.banners import Banner
from blueprints.navigation import Entry
from blueprints.operating import warnings

bp = Blueprint("operating", __name__, url_prefix="/settings/health")

SETTINGS = (
    Entry("Health", icon="heart-pulse", endpoint="operating.health", order=10, group="openBuild"),
)
BANNERS = (
    Banner("operating/_holding_banner.html", is_shown=warnings.is_holding),
    Banner("operating/_address_banner.html", is_shown=warnings.is_address_wrong),
    Banner("operating/_durability_banner.html", is_shown=warnings.is_forgetful),
)

from blueprints.operating import views  # noqa: E402, F401
