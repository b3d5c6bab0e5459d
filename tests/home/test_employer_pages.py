"""The employer's view: its own referrals and how far they came, and nothing of why or of what others wrote."""

import pytest

from tests.pages import Person
from tests.world import World

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@ON_SQLITE
def test_the_start_page_shows_the_own_referrals_with_their_progress_and_no_others(world: World) -> None:
    other = world.refer()
    mine = [world.refer("employer", legalBasis="contract") for _ in range(2)]
    world.move("coach", mine[0], "accept", note="Belt morgen terug.")
    page = Person(world, "employer").open("/").text
    assert all(case["reference"] in page for case in mine)
    assert other["reference"] not in page
    for words in ("Hoe ver uw verwijzingen zijn", "Doorverwezen", "Geaccepteerd", "Lezen op het werk", "Taalhuis Zilt"):
        assert words in page
    assert "Hoe ver uw verwijzingen zijn" not in Person(world, "referrer").open("/").text


@ON_SQLITE
def test_nothing_on_any_page_says_why_or_what_others_wrote(world: World) -> None:
    case = world.refer("employer", legalBasis="contract")
    case = world.move("coach", case, "accept", note="Belt morgen terug.")
    case = world.move("coach", case, "hold", reason="hold_health", resumeOn="2026-12-01", note="Ligt in het ziekenhuis")
    employer, coach = Person(world, "employer"), Person(world, "coach")
    path = f"/referrals/{case['id']}"
    for secret in ("Opgeschort", "Belt morgen terug", "ziekenhuis", "Medewerker coach", "Gezondheid"):
        for opened in ("/", "/referrals", path):
            assert secret not in employer.open(opened).text, (secret, opened)
    assert "Opgeschort" in coach.open(path).text, "the control: whoever guides sees it"


@ON_SQLITE
def test_what_an_employer_may_do_still_waits_on_the_start_page(world: World) -> None:
    case = world.refer("employer", legalBasis="contract")
    case = world.move("coach", case, "return_with_question", question="q_level", text="Welk niveau?")
    page = Person(world, "employer").open("/").text
    assert f"/referrals/{case['id']}/steps/answer" in page
    assert 'utrecht-badge-counter">1<' in page
