"""The approval question in Airflow's Required Actions: may this list be released?

It is asked of the approvers only.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from airflow.configuration import conf
from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param
from airflow.sdk.definitions.context import Context
from airflow.sdk.exceptions import TaskAwaitingInput
from airflow.sdk.execution_time.hitl import HITLUser, update_hitl_detail_response
from airflow.triggers.base import BaseTrigger, TriggerEvent
from asgiref.sync import sync_to_async

from dunning.core.errors import DunningError
from dunning.documents.messages.release_question import APPROVE, REJECT

if TYPE_CHECKING:
    from dunning.jobs.release.offer import Offer

_LOOK_SECONDS = 5.0


class AskOperator(HITLOperator):
    """Ask about one list of a night, as stored.

    It returns nothing: the task that releases the list reads the answer from Airflow's record
    (`jobs.release.answer`).

    A list that does not wait is not asked about, nor one that was approved already, nor the
    sample's by `make run`. A newer night's lists, or the end of the time to answer, end the
    question: a late answer is refused by Airflow.
    """

    template_fields = (*HITLOperator.template_fields, "as_of")

    def __init__(self, *, list_name: str, as_of: str, **kwargs: Any) -> None:
        note = Param(
            None,
            type=["null", "string"],
            maxLength=500,
            title="Бележка",
            description="По желание; записва се.",
        )
        kwargs.pop("params", None)  # the DAG's own, which nobody is asked for here
        params = {"note": note}
        super().__init__(
            subject="Може ли списъкът да излезе?",
            options=[APPROVE, REJECT],
            params=params,
            **kwargs,
        )
        self.list_name, self.as_of = list_name, as_of

    def execute(self, context: Context) -> Any:
        """Ask, if there is something to ask."""
        from dunning.jobs.release.offer import find_waiting
        from dunning.jobs.release.sample import APPROVES_SAMPLE

        offer = find_waiting(date.fromisoformat(self.as_of) if self.as_of else None).get(
            self.list_name
        )
        if offer is None or offer.answered or os.environ.get(APPROVES_SAMPLE):
            return None
        self._prepare(offer)
        self._refuse_old_question(context)
        # Airflow waits for the answer by itself; this trigger is added to end the wait.
        try:
            return super().execute(context)
        except TaskAwaitingInput:
            until = datetime.now(UTC) + timedelta(hours=offer.answer_hours)
            trigger = ReplacedTrigger(
                str(context["ti"].id), offer.as_of.isoformat(), until.isoformat()
            )
            self.defer(trigger=trigger, method_name="execute_complete")

    def _prepare(self, offer: "Offer") -> None:
        from dunning.gateways.settings.environment import Settings
        from dunning.gateways.settings.people import approvers_of, read_people
        from dunning.jobs.release.answer import describe_subject
        from dunning.jobs.release.offer import ask

        may = approvers_of(read_people(Settings.from_environment()), self.list_name)
        if not may:
            raise DunningError(
                f"Nobody may approve the list {self.list_name}, so it cannot leave the house. Name somebody with "
                f'approves = ["{self.list_name}"] in the settings of the pages, and clear this task.'
            )
        self.assigned_users = [
            HITLUser(id=person.airflow_id, name=person.user_name) for person in may
        ]
        self.subject, body = ask(offer, conf.get("api", "base_url"))
        self.body = f"{body}\n\n{describe_subject(offer)}"

    def _refuse_old_question(self, context: Context) -> None:
        """Raise if Airflow keeps this run's question with other words or other people."""
        from dunning.gateways.airflow_record import fetch_question
        from dunning.gateways.settings.environment import Settings

        ti = context["ti"]
        old = fetch_question(Settings.from_environment(), ti.dag_id, ti.run_id, ti.task_id)
        asked_of = sorted(user["id"] for user in self.assigned_users or [])
        if old is not None and (old.body != self.body or sorted(old.asked_of) != asked_of):
            raise DunningError(
                "This run asked already, about another night or other people, and Airflow keeps a run's question as it "
                "was. Ask again in the pages (the night, the list's row), or start the DAG `release` anew."
            )

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        """End the task: the question was answered, or it has expired."""
        return None


class ReplacedTrigger(BaseTrigger):
    """End a question that a newer night replaced, or that was not answered in time.

    Airflow notices answers itself.
    """

    def __init__(self, ti_id: str, as_of: str, until: str) -> None:
        super().__init__()
        self.ti_id, self.as_of, self.until = ti_id, as_of, until

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class path and arguments from which Airflow makes the trigger again."""
        return f"{__name__}.ReplacedTrigger", {
            "ti_id": self.ti_id,
            "as_of": self.as_of,
            "until": self.until,
        }

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Check every few seconds whether the question is still valid."""
        from dunning.jobs.release.answer import describe_unanswered
        from dunning.jobs.release.offer import is_replaced

        while True:
            why = ""
            if await sync_to_async(is_replaced)(date.fromisoformat(self.as_of)):
                why = "newer_lists"
            elif datetime.now(UTC) >= datetime.fromisoformat(self.until):
                why = "too_late"
            if why:
                await self._close()
                yield TriggerEvent({"expired": describe_unanswered(why)})
                return
            await asyncio.sleep(_LOOK_SECONDS)

    async def _close(self) -> None:
        """Answer with a rejection by no user, so that a late answer finds the question answered."""
        answer = sync_to_async(update_hitl_detail_response)
        await answer(ti_id=UUID(self.ti_id), chosen_options=[REJECT], params_input={})
