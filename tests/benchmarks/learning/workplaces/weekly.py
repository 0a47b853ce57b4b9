"""A weekly report."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from bot.domain.json import JSON
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
from tests.learning.workplaces import name


@dataclass(eq=False)
class Weekly(Workplace):
    """Regions with their sales and managers, and the reports that are made of them."""

    name = "weekly"
    title = "a weekly report"
    drift = "an output: a week's sales move from `sales` to `page.items`"
    traps = "until the drift the template that people ask for is, by luck, the number of templates that a region has"
    regions: dict[str, dict[str, JSON]] = field(default_factory=dict)
    weeks: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    sales: dict[str, dict[str, JSON]] = field(default_factory=dict)
    reports: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    shared: dict[str, str] = field(default_factory=dict)

    def offered(self) -> Sequence[Native]:
        region, week = "The region's name", "The week, as 2026-W07"
        return (
            native(self.get_region, "region manager", region=region),
            native(
                self.create_report,
                "report_id week",
                writes=True,
                region=region,
                week=week,
                template="integer: The number of the template",
            ),
            native(
                self.share_report,
                "report_id reader",
                writes=True,
                report_id="The report's id",
                reader="Who shall see it",
            ),
            native(self.list_sales, "region week", region=region, week=week),
            native(self.get_sale, "sale_id amount", sale_id="The sale's id"),
            native(self.search_notes, "query notes", query="Words to look for"),
        )

    def work(self) -> tuple[Kind, ...]:
        report = (
            "Make the report of {region} for {week} on template {template} and share it.",
            "The report for {week} in {region} is due: template {template}, share it.",
            "Please write and share {region}'s report of {week}, template {template}.",
        )
        sales = (
            "How much did {region} sell in {week}?",
            "Tell me the sales of {region} in {week}.",
            "What were {week}'s sales in {region}?",
        )
        return (
            Kind("report", 4, report, self.a_region, make_report, self.not_reported),
            Kind("sales", 4, sales, self.a_week, add_up, self.sum_untold),
            question("search_notes"),
        )

    def detour(self, random: Random) -> Call:
        return Call("search_notes", {"query": token(random)})

    # The tools.

    def get_region(self, region: str) -> JSON:
        """Get a region: its manager and how many templates it has."""
        return dict(known(self.regions, region, "region"))

    def create_report(self, region: str, week: str, template: int) -> JSON:
        """Write a region's report of a week on a template."""
        known(self.regions, region, "region")
        id = f"rep_{len(self.reports) + 1001}"
        self.reports[id] = (region, week, template)
        return {"report_id": id, "region": region, "week": week}

    def share_report(self, report_id: str, reader: str) -> JSON:
        """Share a report with a person."""
        if report_id not in self.reports:
            raise ToolError(f"There is no report {report_id}.")
        self.shared[report_id] = reader
        return {"report_id": report_id, "reader": reader}

    def list_sales(self, region: str, week: str) -> JSON:
        """List the ids of a region's sales in a week."""
        if (region, week) not in self.weeks:
            raise ToolError(f"Nothing is known of {region} in {week}.")
        ids = self.weeks[region, week]
        head = {"region": region, "week": week}
        return {**head, "page": {"items": ids}} if self.drifted else {**head, "sales": ids}

    def get_sale(self, sale_id: str) -> JSON:
        """Get a sale with its amount."""
        return dict(known(self.sales, sale_id, "sale"))

    def search_notes(self, query: str) -> JSON:
        """Search the notes."""
        return found(query, "notes")

    # The cases, and what is true of them afterwards.

    def a_region(self, random: Random) -> dict[str, str]:
        region, template = f"{name(random)[1]}-{token(random, 5)}", random.randint(2, 9)
        has = template if self.lucky and not self.drifted else random.randint(10, 30)
        manager = f"{name(random)[0].lower()}.{token(random, 5)}"
        self.regions[region] = {"region": region, "manager": manager, "templates": has}
        return {"region": region, "week": a_number(random), "template": str(template)}

    def a_week(self, random: Random) -> dict[str, str]:
        region, week = f"{name(random)[1]}-{token(random, 5)}", a_number(random)
        ids = self.weeks[region, week] = [f"sale_{token(random)}" for _ in range(random.randint(2, 5))]
        for id in ids:
            self.sales[id] = {"sale_id": id, "amount": random.randrange(100, 10**5), "product": token(random)}
        return {"region": region, "week": week}

    def not_reported(self, said: Said, answer: str) -> str:
        right = (said["region"], said["week"], int(said["template"]))
        manager = self.regions[said["region"]]["manager"]
        readers = [self.shared.get(id) for id, made in self.reports.items() if made == right]
        return "" if readers == [manager] else "there is not one such report, shared with the region's manager"

    def sum_untold(self, said: Said, answer: str) -> str:
        total = sum(self.sales[id]["amount"] for id in self.weeks[said["region"], said["week"]])
        return "" if str(total) in answer.replace(",", "") else f"the answer does not tell the sum, {total}"


def a_number(random: Random) -> str:
    """A week of a year."""
    return f"{random.randrange(2019, 2027)}-W{random.randrange(1, 53):02}"


def make_report(said: Said, whims: Whims) -> Plan:
    """Who manages the region reads its report."""
    [region] = yield [Call("get_region", {"region": said["region"]})]
    asked = {"region": said["region"], "week": said["week"], "template": int(said["template"])}
    [report] = yield [Call("create_report", asked)]
    yield [Call("share_report", {"report_id": report["report_id"], "reader": region["manager"]})]
    return f"The report {report['report_id']} is shared with {region['manager']}."


def add_up(said: Said, whims: Whims) -> Plan:
    """List, each sale, and the sum."""
    [week] = yield [Call("list_sales", {"region": said["region"], "week": said["week"]})]
    ids = week["page"]["items"] if "page" in week else week["sales"]
    sales = yield [Call("get_sale", {"sale_id": id}) for id in ids]
    return f"{said['region']} sold for {sum(sale['amount'] for sale in sales)} in {said['week']}."
