"""Find policy doubts for the morning report: interest rates not confirmed or not renewed."""

from datetime import date

from dunning.core.formats import format_day
from dunning.policy.policies import Policy


def find_doubts(policy: Policy, as_of: date) -> list[str]:
    """Return Bulgarian sentences on a statutory rate that is not renewed or not confirmed.

    Interest goes on with the newest rate; nothing is stopped, but a person should check it.

    Source: ПМС 426/2014: the rate is that of 1 January or 1 July.
    """
    version = policy.version_at("interest_rates", as_of)
    rate = str(version.values["rate_percent"]).replace(".", ",")
    half_year = date(as_of.year, 1 if as_of.month < 7 else 7, 1)
    doubts = []
    if version.effective_from < half_year:
        doubts.append(
            f"Няма законна лихва за полугодието от {format_day(half_year)}; смята се с {rate} % от "
            f"{format_day(version.effective_from)} Добавете я в interest_rates.toml."
        )
    if "rate_percent" in version.uncertain:
        doubts.append(
            f"Законната лихва {rate} % от {format_day(version.effective_from)} не е потвърдена. "
            f"{version.uncertain['rate_percent']}"
        )
    return doubts
