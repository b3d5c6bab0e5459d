"""The register of processing activities (AVG art. 30), and under which activity each action of the audit log falls."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from referral.core.codelists.files import Entry, frozen, open_list, read_list
from referral.core.codelists.law import legal_bases, retention_terms

FILE = "processing-activities.toml"
URN = "urn:processing-activity:referral:"


@dataclass(frozen=True)
class Activity:
    """One processing activity: what art. 30(1) asks of it, and which actions of the audit log are part of it.

    An action in `actions` leaves a processing record for each participant, one in `overviews` a record that names
    nobody; those in `staff` are about colleagues and stand in the audit log only.
    """

    code: str
    name: str
    purpose: str
    legal_bases: tuple[str, ...]
    subjects: tuple[str, ...]
    categories: tuple[str, ...]
    staff_data: str | None
    recipients: tuple[str, ...]
    retention: tuple[str, ...]
    actions: tuple[str, ...]
    overviews: tuple[str, ...]
    staff: tuple[str, ...]

    @property
    def uri(self) -> str:
        """The name by which processing records and other organisations refer to it; it never changes."""
        return URN + self.code


@dataclass(frozen=True)
class Category:
    """A kind of personal data, with the sealed attributes that hold it."""

    label: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class ServiceFacts:
    """What holds for every activity: who is responsible, who processes, and how it is secured."""

    controller: str
    joint_controllers: str
    processor: str
    transfers: str
    security: tuple[str, ...]


@dataclass(frozen=True)
class Action:
    """What the register says of one action: the activity of its records (None: it leaves none), and of whom."""

    activity: str | None
    names_persons: bool


@dataclass(frozen=True)
class Register:
    """The whole register."""

    activities: Mapping[str, Activity]
    service: ServiceFacts
    categories: Mapping[str, Category]
    readings: Mapping[str, str]
    actions: Mapping[str, Action]


@cache
def processing_register() -> Register:
    """The register of `config/processing-activities.toml`."""
    return read_register(open_list(FILE))


def actions() -> Mapping[str, Action]:
    """Every action that the audit log knows."""
    return processing_register().actions


def read_register(source: Entry) -> Register:
    """The register in a file. Raises ValueError naming file and key, also for an action that stands there twice."""
    others = ("service", "categories", "readings", "without_personal_data")
    activities = read_list(source, _activity, *others)
    categories = _categories(source.table("categories"))
    readings = source.table("readings")
    for activity in activities.values():
        if not set(activity.categories) <= set(categories):
            raise source.wrong(f"codes.{activity.code}.categories", "names an unknown category")
    return Register(
        activities=activities,
        service=_service(source.table("service")),
        categories=categories,
        readings=frozen((action, readings.text(action)) for action in readings.members),
        actions=_actions(source, activities),
    )


def _activity(code: str, entry: Entry) -> Activity:
    texts = ("legal_bases", "subjects", "categories", "recipients", "retention", "actions", "overviews", "staff")
    entry.only("name", "purpose", "staff_data", *texts)
    lists = {name: entry.texts(name) if entry.has(name) else () for name in texts}
    for member, known in (("legal_bases", legal_bases()), ("retention", retention_terms())):
        if not lists[member] or not set(lists[member]) <= set(known):
            raise entry.wrong(member, "must name codes of that list")
    if bool(lists["categories"]) is entry.has("staff_data"):
        raise entry.wrong("categories", "must be there, or staff_data")
    return Activity(
        code=code,
        name=entry.text("name"),
        purpose=entry.text("purpose"),
        staff_data=entry.text("staff_data") if entry.has("staff_data") else None,
        **lists,
    )


def _service(entry: Entry) -> ServiceFacts:
    entry.only("controller", "joint_controllers", "processor", "transfers", "security")
    return ServiceFacts(
        entry.text("controller"),
        entry.text("joint_controllers"),
        entry.text("processor"),
        entry.text("transfers"),
        entry.texts("security"),
    )


def _categories(entry: Entry) -> Mapping[str, Category]:
    def read(code: str) -> Category:
        category = entry.table(code).only("label", "fields")
        fields = category.texts("fields") if category.members.get("fields") else ()
        return Category(category.text("label"), fields)

    return frozen((code, read(code)) for code in entry.codes())


def _actions(source: Entry, activities: Mapping[str, Activity]) -> Mapping[str, Action]:
    found: dict[str, Action] = {}
    for name, action in _listed(source, activities):
        if name in found:
            raise source.wrong(name, "stands in the file twice")
        found[name] = action
    return frozen(found.items())


def _listed(source: Entry, activities: Mapping[str, Activity]) -> Iterator[tuple[str, Action]]:
    for activity in activities.values():
        yield from ((name, Action(activity.code, names_persons=True)) for name in activity.actions)
        yield from ((name, Action(activity.code, names_persons=False)) for name in activity.overviews)
        yield from ((name, Action(None, names_persons=False)) for name in activity.staff)
    without = source.table("without_personal_data").only("actions")
    yield from ((name, Action(None, names_persons=False)) for name in without.texts("actions"))
