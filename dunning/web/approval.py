"""The question in Airflow's Required Actions: may this list leave the house? Asked of those who may say so."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
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

APPROVE, REJECT = "Одобрявам", "Отказвам"
_LOOK_SECONDS = 5.0
NOTHING = {"answer": "nothing", "by": "", "note": ""}


class AskOperator(HITLOperator):
    """Asks about one list of an offer; gives the reply that `jobs.release.publish.run` takes.

    A list that does not wait is not asked about; nor is any under `auto_approve`. A newer night's lists, or the end of
    the time to answer, end the question: nobody answered then, and a late answer is refused by Airflow.
    """

    template_fields = (*HITLOperator.template_fields, "offers", "auto_approve")

    def __init__(self, *, list_name: str, offers: Any, auto_approve: Any, **kwargs: Any) -> None:
        note = Param(
            None, type=["null", "string"], maxLength=500, title="Бележка", description="По желание; записва се."
        )
        kwargs.pop("params", None)  # the DAG's own, which nobody is asked for here
        params = {"note": note}
        super().__init__(subject="Може ли списъкът да излезе?", options=[APPROVE, REJECT], params=params, **kwargs)
        self.list_name, self.offers, self.auto_approve = list_name, offers, auto_approve

    def execute(self, context: Context) -> Any:
        """Ask, where there is something to ask."""
        offer = self.offers.get(self.list_name)
        if offer is None:
            return NOTHING
        if offer["answered"]:
            return offer["answered"]
        if self.auto_approve in (True, "True", "true"):
            return {"answer": "automatic", "by": "auto_approve", "note": ""}
        self._prepare(offer)
        try:
            return super().execute(context)
        except TaskAwaitingInput:
            until = datetime.now(UTC) + timedelta(hours=offer["answer_hours"])
            trigger = ReplacedTrigger(str(context["ti"].id), offer["as_of"], until.isoformat())
            self.defer(trigger=trigger, method_name="execute_complete")

    def _prepare(self, offer: dict[str, Any]) -> None:
        from dunning.gateways.people import approvers_of, read_people
        from dunning.gateways.settings import Settings
        from dunning.jobs.release.offer import ask

        may = approvers_of(read_people(Settings.from_environment()), self.list_name)
        if not may:
            raise DunningError(
                f"Nobody may approve the list {self.list_name}, so it cannot leave the house. Name somebody with "
                f'approves = ["{self.list_name}"] in the settings of the pages, and clear this task.'
            )
        self.assigned_users = [HITLUser(id=person.airflow_id, name=person.user_name) for person in may]
        self.subject, self.body = ask(offer, conf.get("api", "base_url"))

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        """Return the reply: who said what, or that nobody did."""
        if "expired" in event:
            return {"answer": "expired", "by": event["expired"], "note": ""}
        told = super().execute_complete(context, event)
        user = told["responded_by_user"] or {}
        answer = "approved" if told["chosen_options"] == [APPROVE] else "rejected"
        note = str((told["params_input"] or {}).get("note") or "")
        return {"answer": answer, "by": self._name_of(user), "note": note}

    @staticmethod
    def _name_of(user: Any) -> str:
        """Return the user name of whose settings are meant; of a stranger Airflow's own name and id, so that
        no user name is like it."""
        from dunning.gateways.people import find_settings, read_people
        from dunning.gateways.settings import Settings

        given, name = str(user.get("id", "")), str(user.get("name", ""))
        known = find_settings(read_people(Settings.from_environment()), given, name)
        return known.user_name if known else f"{name} (id {given})"


class ReplacedTrigger(BaseTrigger):
    """Ends a question that a newer night overtook, or that nobody answered in time. Airflow hears answers itself."""

    def __init__(self, ti_id: str, as_of: str, until: str) -> None:
        super().__init__()
        self.ti_id, self.as_of, self.until = ti_id, as_of, until

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return how Airflow makes it again."""
        return f"{__name__}.ReplacedTrigger", {"ti_id": self.ti_id, "as_of": self.as_of, "until": self.until}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look every few seconds whether the question is still a question."""
        from dunning.jobs.release.offer import is_replaced

        while True:
            why = ""
            if await sync_to_async(is_replaced)(self.as_of):
                why = "по-нови списъци"
            elif datetime.now(UTC) >= datetime.fromisoformat(self.until):
                why = "никой до края на срока"
            if why:
                await self._close()
                yield TriggerEvent({"expired": why})
                return
            await asyncio.sleep(_LOOK_SECONDS)

    async def _close(self) -> None:
        """Answer in nobody's name, so that a late answer meets a question that is answered."""
        answer = sync_to_async(update_hitl_detail_response)
        await answer(ti_id=UUID(self.ti_id), chosen_options=[REJECT], params_input={})
