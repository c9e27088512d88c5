"""The Airflow plugin of the pages.

The application under /dunning, „Събиране“ in the navigation, and the gate before both.
"""

from airflow.plugins_manager import AirflowPlugin

from dunning.documents.pages.html import phrase
from dunning.web.app import build_app
from dunning.web.gate import Gate

PREFIX = "/dunning"


class DunningPlugin(AirflowPlugin):
    """The plugin, found by the entry point `airflow.plugins`."""

    name = "dunning"
    fastapi_apps = [{"app": build_app(), "url_prefix": PREFIX, "name": "Dunning"}]  # noqa: RUF012 - Airflow's own way
    fastapi_root_middlewares = [{"middleware": Gate, "name": "Dunning"}]  # noqa: RUF012
    external_views = [  # noqa: RUF012
        {
            "name": phrase("bg", "frame.name"),
            "href": f"{PREFIX}/",
            "destination": "nav",
            "url_route": "collections",
            "category": None,
            "icon": f"{PREFIX}/static/icon.svg",
            "icon_dark_mode": f"{PREFIX}/static/icon-dark.svg",
        }
    ]
