"""A clerk's desk: a browser window of somebody who is logged in, watched for errors."""

from importlib import resources
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, Response

from tests.browser.house import House

PREFIX = "/dunning"
# Airflow's own frame around a plugin's page; Chromium warns of it whatever the page is.
_KNOWN = ("An iframe which has both allow-scripts and allow-same-origin",)
# Scripts of FAB's own login page, which fail at every login.
_FABS = "/auth/static/"


class Desk:
    """A window. errors: what the console, scripts and answers complained of since somebody
    looked.
    """

    def __init__(self, house: House, context: BrowserContext, name: str) -> None:
        self.house, self.context, self.name = house, context, name
        self.errors: list[str] = []
        self.page = context.new_page()
        self._watch(self.page)

    def open(self, path: str) -> Page:
        """Go to one of our pages and return it."""
        return self.visit(PREFIX + path)

    def visit(self, path: str) -> Page:
        """Go to any page of Airflow."""
        self.page.goto(self.house.address + path)
        return self.page

    def take_errors(self) -> list[str]:
        """Return the errors so far, which are expected then."""
        taken, self.errors[:] = list(self.errors), []
        return taken

    def token(self) -> str:
        """Return what this person's forms carry."""
        return self.page.locator("input[name=form_token]").first.input_value()

    def _watch(self, page: Page) -> None:
        page.on("console", self._hear)
        page.on("pageerror", self._hear_script)
        page.on("response", self._look)

    def _hear(self, message: ConsoleMessage) -> None:
        # a refused answer is told by _look, with its address
        told = ("Failed to load resource", *_KNOWN)
        if (
            message.type in ("error", "warning")
            and not message.text.startswith(told)
            and _FABS not in message.text
        ):
            self.errors.append(f"console: {message.text}")

    def _hear_script(self, error: Error) -> None:
        if _FABS not in (error.stack or ""):
            self.errors.append(f"script: {error}")

    def _look(self, response: Response) -> None:
        if response.status >= 400:
            self.errors.append(f"{response.status} {response.url.removeprefix(self.house.address)}")


def log_in(house: House, browser: Browser, name: str) -> Any:
    """Log in through Airflow's page; return what the browser keeps of it."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{house.address}/auth/login?next={PREFIX}/static/icon.svg")
    sign_in(page, name, house.passwords[name])
    page.wait_for_url(f"{house.address}{PREFIX}/static/icon.svg")
    state = context.storage_state()
    context.close()
    return state


def sign_in(page: Page, name: str, password: str) -> None:
    """Fill Airflow's login."""
    page.locator("input[name=username]").fill(name)
    page.locator("input[name=password]").fill(password)
    page.get_by_role("button", name="Sign in").click()


def find_faults(page: Page, *rules: str) -> list[str]:
    """Return the serious and critical faults of accessibility that axe-core finds (by all rules, if
    none is named).
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(_axe())
    options = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
    result = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{each['id']}: {node['target']} {node['failureSummary']}"
        for each in result["violations"]
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


def _axe() -> str:
    return resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
