"""The notices of one premise for a person to read: one file each, nothing recorded."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.words import SERVICES
from dunning.decisions.account.story import find_accounts
from dunning.decisions.monthly.billing_groups import since_of
from dunning.decisions.monthly.notices import propose_notices
from dunning.documents.lists.columns import translate
from dunning.documents.notice.printing import print_singles
from dunning.documents.notice.run_constants import Press
from dunning.gateways.files.publishing import replace_private
from dunning.gateways.postgres.database import Source
from dunning.gateways.settings.environment import Settings
from dunning.gateways.store import notices
from dunning.jobs.monthly.render import file_of
from dunning.jobs.monthly.shown import recall_shown
from dunning.jobs.nightly.load import load_checked_policy
from dunning.jobs.queries.past_night import Night, open_night, open_nights
from dunning.ledger.buckets import buckets_of

_NOTHING = "няма нито нов документ, нито неплатена сума"


@dataclass(frozen=True)
class Preview:
    """The files of a preview, and the accounts without a notice.

    files: of the notices. sentences: Bulgarian, one sentence for each account that gets none.
    """

    files: list[Path]
    sentences: list[str]


@dataclass(frozen=True)
class Rendered:
    """The rendered notices of a preview, and the accounts without a notice.

    notices: PDF by name of its file. sentences: as of `Preview`.
    """

    notices: dict[str, bytes]
    sentences: list[str]

    @property
    def is_withheld(self) -> bool:
        """Whether an account gets no notice because it is withheld."""
        return any(_NOTHING not in sentence for sentence in self.sentences)


def run(premise_no: str, payer_code: str | None, as_of: date, policy: str | None = None) -> Preview:
    """Write the notices of a premise's accounts, or of one, into the `preview` folder.

    The home's `preview` folder is emptied by the next nightly run.

    Raises:
        DunningError: as `render`.
    """
    made = render(premise_no, payer_code, as_of, policy)
    folder = Settings.from_environment().home / "preview"
    files = [folder / name for name in made.notices]
    for file, content in zip(files, made.notices.values(), strict=True):
        replace_private(file, content)
    return Preview(files, made.sentences)


def render(
    premise_no: str, payer_code: str | None, as_of: date, policy: str | None = None
) -> Rendered:
    """Return the notices of a premise's accounts, or of one of them; no file is written.

    They are what `dunning notices` would send for that date, by e-mail or post; the templates are
    those of the repository, whether or not they were sent already.

    Raises:
        DunningError: no run of that date is known, its snapshot has aged out, or no such account
            existed on it.
    """
    own = load_checked_policy(Path(policy).absolute()) if policy else None
    with open_nights("notices preview") as (settings, engine):
        night = open_night(settings, engine, as_of, own)
        proposed, since, asked = _propose(night, engine, premise_no, payer_code)
    found = proposed["notices"]
    # the bucket has other premises, too; only the accounts that were asked for are shown
    found = found.filter(
        pc.and_(pc.equal(found["premise_no"], premise_no), pc.is_in(found["payer_code"], asked))
    )
    singles = print_singles(found, Press.of(night.as_of, night.rules, since, night.newest_paid_on))
    made = {Path(file_of(single.reference)).name: single.content for single in singles}
    missing = [code for code in asked.to_pylist() if code not in found["payer_code"].to_pylist()]
    return Rendered(made, list(_explain_missing(premise_no, missing, proposed["withheld"])))


def _propose(
    night: Night, source: Source, premise_no: str, payer_code: str | None
) -> tuple[dict[str, pa.Table], date, pa.Array]:
    """Return the notices proposed for the premise's bucket, and the payers that were asked for.

    Between the two: the day since which documents are new.
    """
    index = int(buckets_of(pa.array([premise_no]))[0])
    bucket = night.snapshot.read_bucket(index)
    accounts = find_accounts(bucket, premise_no, payer_code, night.as_of)
    asked = bucket.accounts.text("payer_code").take(pa.array(accounts))
    premise = bucket.accounts["premise"][accounts[0]]
    service = SERVICES[bucket.premises["service"][premise]]
    # the same first day as in a real run: the notices must show the same documents as new
    since = since_of(
        night.as_of, night.rules.notices, service, notices.last_notices(source, before=night.as_of)
    )
    known = notices.fetch_notice_run(source, night.as_of, service)
    shown = recall_shown(source, service, since, known).of_bucket(source, service, index)
    bucket, decision, assessment = night.history.decide(bucket, night.as_of, night.rules)
    return (
        propose_notices(bucket, decision, assessment, night.rules, service, since, shown),
        since,
        asked,
    )


def _explain_missing(
    premise_no: str, payer_codes: Iterable[str], withheld: pa.Table
) -> Iterable[str]:
    rows = withheld.filter(pc.equal(withheld["premise_no"], premise_no))
    reasons_shown = translate(rows["reason"].combine_chunks()).to_pylist()
    reasons = dict(zip(rows["payer_code"].to_pylist(), reasons_shown, strict=True))
    for code in payer_codes:
        why = f"задържано ({reasons[code]})" if code in reasons else _NOTHING
        yield f"Абонатен № {premise_no}, код на платец {code}: без съобщение, {why}."
