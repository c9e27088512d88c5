"""Every route of the pages, with an example of its address, and what it asks for of whom: the
access as agreed.
"""

from dataclasses import dataclass

# Airflow's role and ours, by user; Airflow lets `reader` only read.
PEOPLE = {
    "admin": ("ADMIN", "admin"),
    "head": ("USER", "head"),
    "collections": ("USER", "collections"),
    "legal": ("USER", "legal"),
    "adviser": ("VIEWER", "adviser"),
    "viewer": ("VIEWER", "viewer"),
    "reader": ("VIEWER", "legal"),
}
_ADVISER = {"night", "ageing", "policy", "accounts", "protect", ""}
_WORKER = _ADVISER | {"lists", "strike", "downloads", "what_if", "recall", "approve"}
# By user of the house.
MAY = {
    "viewer": {"night", "ageing", "policy", ""},
    "adviser": _ADVISER,
    "collections": _WORKER,
    "head": _WORKER | {"court"},
    "legal": _WORKER | {"court", "identifiers"},
    "admin": _WORKER | {"court"},
}


@dataclass(frozen=True)
class Route:
    """method and path as the application has them; example: an address under it; asks: the
    permission.
    """

    method: str
    path: str
    example: str
    asks: str


_ACCOUNT = "/accounts/{premise_no}/{payer_code}"
_SENT = "/releases/{list_name}/{place}/{file:path}"
_ROW = "/lists/{name}/{premise_no}/{payer_code}"
_NOBODY = "/0/0"
ROUTES = (
    Route("GET", "/", "/", "night"),
    Route("GET", "/ageing", "/ageing", "ageing"),
    Route("GET", "/ageing.xlsx", "/ageing.xlsx", "ageing"),
    Route("GET", "/groups/{name}", "/groups/overdue", "accounts"),
    Route("GET", "/accounts", "/accounts", "accounts"),
    Route("POST", "/accounts", "/accounts", "accounts"),
    Route("GET", _ACCOUNT, f"/accounts{_NOBODY}", "accounts"),
    Route("POST", f"{_ACCOUNT}/identifier", f"/accounts{_NOBODY}/identifier", "identifiers"),
    Route("POST", f"{_ACCOUNT}/protect", f"/accounts{_NOBODY}/protect", "protect"),
    Route("GET", f"{_ACCOUNT}/story.pdf", f"/accounts{_NOBODY}/story.pdf", "accounts"),
    Route("GET", f"{_ACCOUNT}/notice.pdf", f"/accounts{_NOBODY}/notice.pdf", "accounts"),
    Route("GET", "/lists", "/lists", "lists"),
    Route("GET", "/lists/holds", "/lists/holds", "lists"),
    Route("POST", "/lists/holds/{hold_no}/end", "/lists/holds/0/end", "strike"),
    Route("GET", "/lists/{name}.{suffix}", "/lists/disconnections.csv", "downloads"),
    Route("GET", "/lists/{name}.{suffix}", "/lists/court.csv", "court"),
    Route("GET", "/lists/{name}.{suffix}", "/lists/court_items.xlsx", "court"),
    Route("GET", "/lists/{name}", "/lists/disconnections", "lists"),
    Route("GET", "/lists/{name}", "/lists/court", "court"),
    Route("GET", "/lists/{name}", "/lists/court_items", "court"),
    Route("POST", "/lists/{name}.{suffix}", "/lists/disconnections.csv", "downloads"),
    Route("POST", "/lists/{name}.{suffix}", "/lists/court.csv", "court"),
    Route("POST", "/lists/{name}", "/lists/disconnections", "lists"),
    Route("POST", "/lists/{name}", "/lists/court", "court"),
    Route("GET", _ROW, f"/lists/disconnections{_NOBODY}", "lists"),
    Route("GET", _ROW, f"/lists/court{_NOBODY}", "court"),
    Route("POST", f"{_ROW}/identifier", f"/lists/court{_NOBODY}/identifier", "identifiers"),
    Route(
        "POST",
        f"{_ROW}/strike",
        f"/lists/disconnections{_NOBODY}/strike?as_of=2026-11-21",
        "strike",
    ),
    Route("POST", f"{_ROW}/strike", f"/lists/court{_NOBODY}/strike?as_of=2026-11-21", "court"),
    Route("GET", "/policy", "/policy", "policy"),
    Route("GET", "/policy/what-if", "/policy/what-if", "what_if"),
    Route("POST", "/policy/what-if", "/policy/what-if", "what_if"),
    Route("GET", "/policy/what-if/{result_id}", "/policy/what-if/0", "what_if"),
    Route("POST", "/policy/what-if/{result_id}/again", "/policy/what-if/0/again", "what_if"),
    Route(
        "GET",
        "/policy/what-if/{result_id}/{night}.{suffix}",
        "/policy/what-if/0/2026-11-21.csv",
        "downloads",
    ),
    Route("GET", "/approvals", "/approvals", "approve"),
    # of a night that is not the last one: whoever may ask is told so, and nothing is done
    Route(
        "POST", "/approvals/{list_name}", "/approvals/disconnections?as_of=2026-01-31", "approve"
    ),
    Route(
        "POST",
        "/approvals/{list_name}/ask",
        "/approvals/disconnections/ask?as_of=2026-01-31",
        "approve",
    ),
    Route("GET", "/releases", "/releases", "lists"),
    Route("GET", "/releases/{list_name}", "/releases/disconnections?as_of=2026-11-21", "lists"),
    Route("GET", "/releases/{list_name}", "/releases/court?as_of=2026-11-21", "court"),
    Route(
        "GET",
        _SENT,
        "/releases/disconnections/sent/disconnections.csv?as_of=2026-11-21",
        "downloads",
    ),
    Route("GET", _SENT, "/releases/court/sent/court.csv?as_of=2026-11-21", "identifiers"),
    Route(
        "POST",
        "/releases/{list_name}/recall",
        "/releases/disconnections/recall?as_of=2026-11-21",
        "recall",
    ),
    Route(
        "POST", "/releases/{list_name}/recall", "/releases/court/recall?as_of=2026-11-21", "court"
    ),
    Route("GET", "/language/{language}", "/language/bg", ""),
)
# What tells nothing, and what the page after a login that is over needs: given to anybody.
STATIC = tuple(
    Route("GET", "/static/{name}", f"/static/{name}", "")
    for name in ("style.css", "theme.js", "page.js", "icon.svg", "icon-dark.svg")
)
