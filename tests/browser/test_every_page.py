"""Every page in every role and state: no barrier (axe, WCAG 2.2 AA), nothing wider than the window, nothing runs."""

import sys
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from referral.core.policy import Role
from tests.browser_world import NARROW, WIDE, ZOOMED, Stage, overflow
from tests.house.calls import region, screening
from tests.proof import scaled
from tests.world import give_role, trajectory_body

STANDARD = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
STEPS = {
    "submitted": ("accept", "return_with_question", "waitlist", "decline", "escalate"),
    "accepted": ("plan_handover", "confirm_handover", "record_contact", "hold", "assign", "not_start"),
    "in_trajectory": ("complete", "stop", "record_progress"),
    "completed": ("record_follow_up", "close"),
}
STATES = ("draft", "submitted", "returned", "waitlisted", "in_trajectory", "declined", "void")
FIGURES = ("/figures", "/figures/coverage", "/figures/monitor", "/figures/reach")
ANNUAL = ("/figures/annual", "/figures/annual/2026", "/figures/annual/2026/narrative")
ALWAYS = {
    "referrer": ("/", "/account", "/account/app", "/screenings", "/screenings/new", "/referrals", "/referrals/new"),
    "coach": ("/", "/queue"),
    "coordinator": FIGURES,
    "region": ("/", *FIGURES, *ANNUAL, "/figures?by=sector&sourceKind=municipality"),
    "privacy": ("/",),
    "admin": ("/",),
    "employer": ("/",),
}
"""What needs no case."""
CANARY = "<img src=x onerror=alert(1) data-canary>\"'><script data-canary>alert(1)</script>{{7*7}}"


def pages(stage: Stage) -> Iterator[tuple[str | None, str]]:
    """Who opens what."""
    world = stage.world
    code = screening(world)
    for path in ("/sign-in", "/nergens", "/welcome?invitation=oud"):
        yield None, path
    for who, paths in ALWAYS.items():
        for path in paths:
            yield who, path
    yield "referrer", f"/screenings/{code}"
    yield "referrer", f"/screenings/{code}/conversation"
    for status in STATES:
        case = world.bring_to(status)
        yield ("referrer" if status in ("draft", "returned", "void") else "coach"), f"/referrals/{case['id']}"
    for status, events in STEPS.items():
        case = world.bring_to(status)
        for event in events:
            yield "coach", f"/referrals/{case['id']}/steps/{event}"

    yield from office_pages(stage)


def office_pages(stage: Stage) -> Iterator[tuple[str, str]]:
    """The catalogue, the privacy officer's desk and beheer."""
    world = stage.world
    case = world.bring_to("accepted")
    for kind, body in (("erasure-requests", {"text": "Weg ermee."}), ("access-requests", {})):
        answer = world.call("privacy", "POST", f"/v1/participants/{case['participantId']}/{kind}", body)
        yield "privacy", f"/privacy-requests/{answer.headers['Location'].rpartition('/')[2]}"
    offer, person = f"/trajectories/{world.trajectory_id}", f"/privacy-requests/people/{case['participantId']}"
    for path in ("/trajectories", "/trajectories?level=B1", offer, f"{offer}/edit", "/trajectories/new"):
        yield "coach", path
    yield "referrer", f"/referrals/{case['id']}/person/edit"
    yield "coordinator", f"/referrals/{case['id']}/access-log"
    for path in (
        "/privacy-requests",
        "/privacy-requests/new",
        person,
        f"{person}/restriction",
        f"{person}/access-log",
        f"{person}/disclosures",
        f"{person}/withdrawal",
        f"{person}/erase",
        "/access-log?reference=V-1",
        "/audit-log",
        "/audit-log?since=morgen",
        "/processing-records",
        f"/breach?userId={world.users['referrer']}",
    ):
        yield "privacy", path
    for path in (
        "",
        f"/people/{world.users['referrer']}",
        "/organisations",
        "/organisation",
        "/organisation/retention/broken_off_social",
        "/organisation/retention/broken_off_social/check?whose=own&period/number=14&period/unit=D",
        "/tokens",
        "/tokens/new",
        "/webhooks",
        "/people/new",
        "/lists",
        "/terms",
    ):
        yield "admin", f"/administration{path}"
    for path in ("role", "reason", "reason/no_capacity"):
        yield "admin", f"/administration/lists/{path}"
    tuned = f"/administration/regions/{region(world)}"
    for path in (
        "/terms/submitted",
        "/terms/submitted/check?steps/remind/number=2&steps/remind/unit=working_days",
        "/limits",
        "/limits/check?limits/holdMaxDays=30",
    ):
        yield "region_admin", f"{tuned}{path}"
    yield "admin", "/administration/lists/role"
    give_role(world, "region", Role.ADMIN)
    for path in ("/organisations", "/organisations/new"):
        yield "region", f"/administration{path}"


def barriers(page: Page) -> list[str]:
    """What axe finds on the page that is open."""
    found = Axe().run(page, options=STANDARD).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['target']} {each['help']}" for each in found]


def test_no_page_has_a_barrier_or_is_wider_than_its_window(stage: Stage) -> None:
    """Each page once, at a desk and on a phone by turns; both when the proof is asked for in full."""
    found: dict[str, object] = {}
    looked = 0
    for number, (who, path) in enumerate(pages(stage)):
        for size in ((WIDE, NARROW), (NARROW, WIDE))[number % 2][: scaled(2)]:
            with stage.page(who, size) as page:
                page.goto(path)
                wrong = barriers(page)
                page.set_viewport_size({"width": ZOOMED[0], "height": ZOOMED[1]})
                wide = overflow(page)
                looked += 1
                if wrong or wide > 0:
                    found[f"{who} {path} {size[0]}"] = (wrong, wide)
    sys.stdout.write(f"{looked} pages looked at, {stage.requests} requests, none elsewhere\n")
    assert found == {}


def test_the_pages_of_the_flow_and_of_a_refusal_have_no_barrier_either(stage: Stage) -> None:
    found: dict[str, list[str]] = {}
    case = stage.world.refer()
    with stage.page("referrer", NARROW) as page:
        page.goto("/referrals/new")
        page.get_by_role("button", name="Begin").click()
        draft = page.url.rpartition("/")[0]
        page.get_by_role("button", name="Bewaren en verder").click()
        found["who refused"] = barriers(page)
        for step in ("wish", "offer", "sharing", "handover", "check"):
            page.goto(f"{draft}/{step}")
            found[step] = barriers(page)
            assert overflow(page) == 0, step
        page.get_by_role("button", name="Verstuur").click()
        found["check refused"] = barriers(page)
    with stage.page("coach") as page:
        page.goto(f"/referrals/{case['id']}")
        page.get_by_label("Contact opnemen").check()
        page.get_by_role("button", name="Open de gegevens").click()
        found["opened"] = barriers(page)
        page.goto(f"/referrals/{case['id']}/steps/decline")
        page.get_by_role("button", name="Vastleggen").click()
        found["step refused"] = barriers(page)
        assert page.evaluate("document.activeElement.id") == "fouten-lijst"
        page.evaluate("document.body.style.color = '#bbb'")
        assert barriers(page), "the control: a contrast that is too low is found"
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("who", ["coach", "referrer"])
def test_what_somebody_typed_never_runs_nor_becomes_part_of_the_page(stage: Stage, who: str) -> None:
    world = stage.world
    trajectory = world.call("coach", "POST", "/v1/trajectories", trajectory_body(CANARY, world.clock.today)).json
    person = {**world.referral_body()["participant"], "name": CANARY, "preferredMoment": CANARY, "clientNumber": None}
    person["contactPerson"] = {"name": CANARY, "phone": "06 44 33 22 11", "relation": CANARY[:60]}
    words = {"learningWish": CANARY, "purpose": CANARY, "note": CANARY}
    case = world.refer(participant=person, trajectoryId=trajectory["id"], **words)
    case = world.move("coach", case, "return_with_question", question="q_other", text=CANARY, note=CANARY)
    case = world.move("referrer", case, "answer", text=CANARY)
    shown = 0
    with stage.page(who) as page:
        offer = f"/trajectories/{trajectory['id']}"
        for path in ("/trajectories", offer, f"{offer}/edit"):
            page.goto(path)
            assert page.locator("[data-canary]").count() == 0, path
        for path in ("/", "/referrals", "/queue", f"/referrals/{case['id']}"):
            page.goto(path)
            assert page.locator("[data-canary]").count() == 0, path
        page.get_by_label("Contact opnemen").check()
        page.get_by_role("button", name="Open de gegevens").click()
        shown = page.locator("main").inner_text().count("<img src=x onerror=alert(1) data-canary>")
        assert page.locator("[data-canary]").count() == 0
        assert "49" not in page.locator(".ds-person").inner_text().replace(case["reference"], "")
        page.goto(f"/referrals/new?code={CANARY}")
        page.goto(f"/screenings/find?code={CANARY}")
        assert page.locator("[data-canary]").count() == 0
        if who == "referrer":
            page.goto("/referrals/new")
            page.get_by_label("Code van de screening").fill(CANARY)
            page.get_by_role("button", name="Begin").click()
            assert page.locator("[data-canary]").count() == 0
            assert page.get_by_label("Code van de screening").input_value() == CANARY
        assert shown >= 8
        page.evaluate("document.querySelector('main').innerHTML = '<b data-canary></b>'")
        assert page.locator("[data-canary]").count() == 1, "the control: what becomes part of the page is found"
