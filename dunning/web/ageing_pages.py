"""The ageing page: charts, numbers, a workbook; and the accounts that a number counts."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from dunning.core.errors import NotThereError
from dunning.core.words import SERVICES, STAGES
from dunning.decisions.account.ageing import AGES
from dunning.documents.lists.list_files import render_ageing
from dunning.documents.pages.charts import Bar, draw_bars, draw_line
from dunning.documents.pages.html import write_money, write_word
from dunning.jobs.desk import ageing, groups
from dunning.jobs.desk.session import open_session
from dunning.web.access import Person, permit
from dunning.web.respond import give_file, phrase_for, respond

router = APIRouter()
Viewer = Annotated[Person, permit("ageing")]
Adviser = Annotated[Person, permit("accounts")]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SHOWN = 12
_COLOURS = dict(zip(AGES, ("s0", "s1", "s1", "s2", "s2", "s3", "s3"), strict=True))


@router.get("/ageing")
def show_ageing(
    request: Request,
    person: Viewer,
    as_of: date | None = None,
    service: str = "",
    district: str = "",
    stage: str = "",
) -> Response:
    """Show the ageing of a night under filters."""
    night = ageing.read_page(open_session(), as_of, service, district, stage)
    chosen = {"service": service, "district": district, "stage": stage}
    pictures = _draw(person, night) if night else {}
    values: dict[str, Any] = {
        "night": night,
        "pictures": pictures,
        "services": SERVICES,
        "stages": STAGES,
        **chosen,
    }
    return respond(request, person, "ageing.html", **values)


@router.get("/ageing.xlsx")
def give_ageing(
    person: Viewer,
    as_of: date | None = None,
    service: str = "",
    district: str = "",
    stage: str = "",
) -> Response:
    """Return the same as a workbook."""
    night = ageing.read_page(open_session(), as_of, service, district, stage)
    if night is None:
        raise NotThereError("No night is closed yet, so there is no ageing.")
    return give_file(render_ageing(night.rows, night.as_of), f"ageing-{night.as_of}.xlsx", XLSX)


@router.get("/groups/{name}")
def show_group(
    request: Request, person: Adviser, name: str, as_of: date | None = None, page: int = 1
) -> Response:
    """Show a page of the accounts that a number of the night or of the ageing counts."""
    return respond(
        request,
        person,
        "group.html",
        group=groups.read_page(open_session(), name, as_of, page),
    )


def _draw(person: Person, night: ageing.Ageing) -> dict[str, str]:
    def bars(sums: Any, colour: Any, *, are_codes: bool = True) -> list[Bar]:
        return [
            Bar(
                write_word(person.language, each.name) if are_codes else each.name,
                write_money(each.cents),
                [(colour(each.name), each.cents)],
            )
            for each in sums
        ]

    def title(name: str) -> tuple[str, str]:
        return phrase_for(person, f"ageing.{name}"), phrase_for(person, f"ageing.{name}_text")

    first, rest = night.by_district[:_SHOWN], night.by_district[_SHOWN:]
    districts = bars(first, lambda _: "s1", are_codes=False)
    if rest:
        cents = sum(each.cents for each in rest)
        districts.append(
            Bar(
                phrase_for(person, "ageing.rest", count=len(rest)),
                write_money(cents),
                [("s0", cents)],
            )
        )
    stages = {stage: f"s{n}" for n, stage in enumerate(STAGES)} | {STAGES[-1]: "s4"}
    months = [(f"{day:%m.%y}", write_money(cents), cents) for day, cents in night.trend]
    return {
        "bands": draw_bars(*title("bands"), bars(night.bands, _COLOURS.__getitem__)),
        "districts": draw_bars(*title("districts"), districts),
        "services": draw_bars(*title("services"), bars(night.by_service, lambda _: "s1")),
        "stages": draw_bars(*title("stages"), bars(night.by_stage, stages.__getitem__)),
        "trend": draw_line(*title("trend"), months),
    }
