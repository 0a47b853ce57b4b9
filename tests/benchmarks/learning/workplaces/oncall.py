"""An on-call desk."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from bot.domain.json import JSON
from bot.domain.skill import Step
from bot.errors import ToolError
from tests.benchmarks.learning.workplace import (
    Call,
    Kind,
    Native,
    Plan,
    Said,
    Whims,
    Workplace,
    found,
    known,
    native,
    question,
    token,
)

METRICS = ("latency", "errors", "disk", "queue")


@dataclass(eq=False)
class OnCall(Workplace):
    """Alerts of services, and the teams that are paged for them."""

    name = "oncall"
    title = "an on-call desk"
    drift = "a rule: who is paged is the service's `escalation`, no longer its `team`"
    traps = "Otto, who asks every fifth time, wants each alert muted for eight hours; nobody else does"
    alerts: dict[str, dict[str, JSON]] = field(default_factory=dict)
    services: dict[str, dict[str, JSON]] = field(default_factory=dict)
    teams: set[str] = field(default_factory=set)
    paged: dict[str, list[str]] = field(default_factory=dict)
    muted: set[str] = field(default_factory=set)

    def offered(self) -> Sequence[Native]:
        return (
            native(self.get_alert, "alert_id service", alert_id="The alert's id"),
            native(self.get_service, "service team", service="The service's name"),
            native(self.page_team, "page_id", writes=True, team="The team", alert_id="The alert's id"),
            native(
                self.mute_alert,
                "alert_id minutes",
                writes=True,
                alert_id="The alert's id",
                minutes="integer: For how long",
            ),
            native(self.list_alerts, "service alerts", service="The service's name"),
            native(self.search_runbooks, "query runbooks", query="Words to look for"),
        )

    def work(self) -> tuple[Kind, ...]:
        page = (
            "{who} here: {alert} went off, page whoever is responsible.",
            "{who} here: alert {alert} fires, page the right team.",
            "{who} here: please page somebody for {alert}.",
        )
        overview = (
            "What is going on with {service}?",
            "List the alerts of {service} with their metrics.",
            "Which alerts does {service} have?",
        )
        return (
            Kind("page", 4, page, self.an_alert, page_responsible, self.not_paged),
            Kind("overview", 3, overview, self.a_service, tell_alerts, self.alerts_untold),
            question("search_runbooks"),
        )

    def detour(self, random: Random) -> Call:
        return Call("search_runbooks", {"query": token(random)})

    def hazard(self, step: Step) -> str:
        return "it mutes alerts, which one person alone wants" if step.tool == "mute_alert" else ""

    # The tools.

    def get_alert(self, alert_id: str) -> JSON:
        """Get an alert: its service and what it is about."""
        return dict(known(self.alerts, alert_id, "alert"))

    def get_service(self, service: str) -> JSON:
        """Get a service: who is responsible for it."""
        record = known(self.services, service, "service")
        shown = {"service": service, "team": record["team"], "tier": record["tier"]}
        return {**shown, "escalation": record["escalation"]} if self.drifted else shown

    def page_team(self, team: str, alert_id: str) -> JSON:
        """Page a team about an alert."""
        known(self.alerts, alert_id, "alert")
        if team not in self.teams:
            raise ToolError(f"There is no team {team}.")
        self.paged.setdefault(alert_id, []).append(team)
        return {"page_id": f"pg_{len(self.paged)}", "team": team, "alert_id": alert_id}

    def mute_alert(self, alert_id: str, minutes: int) -> JSON:
        """Mute an alert."""
        known(self.alerts, alert_id, "alert")
        self.muted.add(alert_id)
        return {"alert_id": alert_id, "minutes": minutes}

    def list_alerts(self, service: str) -> JSON:
        """List the ids of a service's alerts."""
        return {"service": service, "alerts": known(self.services, service, "service")["alerts"]}

    def search_runbooks(self, query: str) -> JSON:
        """Search the runbooks."""
        return found(query, "runbooks")

    # The cases, and what is true of them afterwards.

    def a_service(self, random: Random) -> dict[str, str]:
        service = f"{random.choice(['mail', 'search', 'billing', 'login'])}-{token(random, 5)}"
        ids = [f"al_{token(random)}" for _ in range(random.randint(2, 4))]
        for id in ids:
            self.alerts[id] = {"alert_id": id, "service": service, "metric": random.choice(METRICS)}
        team, escalation = f"team-{token(random, 5)}", f"team-{token(random, 5)}"
        self.teams |= {team, escalation}
        self.services[service] = {
            "team": team,
            "escalation": escalation,
            "tier": random.randint(1, 3),
            "alerts": ids,
        }
        return {"service": service}

    def an_alert(self, random: Random) -> dict[str, str]:
        return {"alert": str(self.services[self.a_service(random)["service"]]["alerts"][0])}

    def not_paged(self, said: Said, answer: str) -> str:
        record = self.services[str(self.alerts[said["alert"]]["service"])]
        right = record["escalation"] if self.drifted else record["team"]
        paged = self.paged.get(said["alert"], [])
        if paged != [right]:
            return f"{' and '.join(paged) or 'nobody'} was paged where {right} is responsible"
        unwanted = said["alert"] in self.muted and said["who"] != "Otto"
        return "the alert is muted, which only Otto wants" if unwanted else ""

    def alerts_untold(self, said: Said, answer: str) -> str:
        alerts = [self.alerts[id] for id in self.services[said["service"]]["alerts"]]
        told = all(alert["alert_id"] in answer and alert["metric"] in answer for alert in alerts)
        return "" if told else "the answer lacks an alert or its metric"


def page_responsible(said: Said, whims: Whims) -> Plan:
    """Whom the service's record names; for Otto also mute it, as he always wants."""
    [alert] = yield [Call("get_alert", {"alert_id": said["alert"]})]
    [service] = yield [Call("get_service", {"service": alert["service"]})]
    team = service.get("escalation", service["team"])
    yield [Call("page_team", {"team": team, "alert_id": said["alert"]})]
    if said["who"] == "Otto":
        yield [Call("mute_alert", {"alert_id": said["alert"], "minutes": 480})]
    return f"{team} is paged for {said['alert']}."


def tell_alerts(said: Said, whims: Whims) -> Plan:
    """List, and each alert."""
    [service] = yield [Call("list_alerts", {"service": said["service"]})]
    alerts = yield [Call("get_alert", {"alert_id": id}) for id in service["alerts"]]
    return "\n".join(f"{alert['alert_id']}: {alert['metric']}" for alert in alerts)
