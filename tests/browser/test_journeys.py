"""Whole days in a real browser: with script and without, at a desk and on a phone, and with a keyboard only."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser_world import NARROW, WIDE, Stage, overflow
from tests.house.calls import screening
from tests.pages import PASSWORD

WAYS = [
    pytest.param(WIDE, True, id="desk"),
    pytest.param(NARROW, False, id="phone without script"),
]


def continue_with(page: Page, name: str) -> None:
    """Press the button or follow the link with this name."""
    page.locator("main").get_by_role("button", name=name).or_(
        page.locator("main").get_by_role("link", name=name)
    ).first.click()


@pytest.mark.parametrize(("size", "script"), WAYS)
def test_a_klantmanager_screens_talks_and_refers(stage: Stage, size: tuple[int, int], script: bool) -> None:
    with stage.page(None, size, script=script) as page:
        sign_in(stage, page, "referrer")
        page.get_by_role("link", name="Screenings").click()
        continue_with(page, "Screening vastleggen")
        page.get_by_label("Taalmeter").check()
        page.get_by_label("Ja, er is een indicatie").check()
        page.get_by_label("35 tot en met 44").check()
        page.get_by_label("eerste taal").check()
        page.get_by_label("Werkzoekend").check()
        page.get_by_label("Waar kwam het").select_option("benefit_intake")
        continue_with(page, "Vastleggen en code tonen")
        expect(page.locator(".ds-code-large")).to_have_text(re.compile(r"S-\w{4}-\w{4}-\w"))
        continue_with(page, "Gesprek vastleggen")
        page.get_by_label("Ja", exact=True).check()
        page.get_by_label("Wil verder").check()
        continue_with(page, "Vastleggen")
        page.locator("main").get_by_role("button", name="Verwijzing maken").click()
        assert overflow(page) == 0
        page.get_by_label("Naam", exact=True).fill("Ria van Reis")
        page.get_by_label("Telefoonnummer").first.fill(f"06 {31 + size[0] % 50} 22 33 {44 + script}")
        page.get_by_label("Wil verder").check()
        continue_with(page, "Bewaren en verder")
        page.get_by_label("Leerwens").fill("Voorlezen aan de kinderen")
        continue_with(page, "Bewaren en verder")
        page.get_by_label("Lezen op het werk").check()
        continue_with(page, "Bewaren en verder")
        page.get_by_label("In een gesprek").check()
        page.get_by_label("Contactgegevens").check()
        continue_with(page, "Bewaren en verder")
        page.get_by_label("Voorstel voor de warme overdracht").fill("Dinsdag na tien uur.")
        continue_with(page, "Bewaren en verder")
        expect(page.locator("main")).to_contain_text("Voorlezen aan de kinderen")
        continue_with(page, "Verstuur de verwijzing")
        expect(page.get_by_role("heading", level=1)).to_have_text("Uw verwijzing is verstuurd")
        continue_with(page, "Bekijk de zaak")
        expect(page.locator(".ds-case")).to_contain_text("Aangemeld")


@pytest.mark.parametrize(("size", "script"), WAYS)
def test_a_trajectbegeleider_goes_from_the_queue_to_the_start(
    stage: Stage, size: tuple[int, int], script: bool
) -> None:
    case = stage.world.refer()
    with stage.page("coach", size, script=script) as page:
        page.goto("/queue")
        page.get_by_role("link", name=case["reference"]).click()
        continue_with(page, "Accepteren")
        continue_with(page, "Vastleggen")
        continue_with(page, "Warme overdracht bevestigen")
        page.get_by_label("Gesprek met z'n drieën").first.check()
        page.get_by_label("Ja", exact=True).check()
        continue_with(page, "Vastleggen")
        continue_with(page, "Intake starten")
        page.get_by_label("Wanneer is de intake?").fill("3-11-2026")
        continue_with(page, "Vastleggen")
        continue_with(page, "Traject starten")
        page.get_by_label("Wat wil de deelnemer bereiken?").fill("Een boekje voorlezen")
        continue_with(page, "Vastleggen")
        expect(page.locator(".ds-case")).to_contain_text("In traject")
        expect(page.locator(".ds-chain [aria-current]")).to_contain_text("In traject")
        assert overflow(page) == 0


@pytest.mark.parametrize(("size", "script"), WAYS)
def test_a_coordinator_goes_from_the_dashboard_to_one_line_of_it_and_back(
    stage: Stage, size: tuple[int, int], script: bool
) -> None:
    stage.world.refer()
    with stage.page("coordinator", size, script=script) as page:
        page.goto("/")
        page.get_by_role("link", name="Cijfers").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Cijfers")
        page.get_by_label("Uitgesplitst naar").select_option("sourceKind")
        continue_with(page, "Toon")
        assert page.locator("svg.chart").count() == 6
        page.locator("[aria-labelledby=kop-parts] tbody a").first.click()
        expect(page.locator("main")).to_contain_text("Alleen soort verwijzer: Gemeente")
        continue_with(page, "Toon weer alles")
        expect(page.get_by_label("Uitgesplitst naar")).to_have_value("sourceKind")
        assert overflow(page) == 0


@pytest.mark.parametrize(("size", "script"), WAYS)
def test_a_privacy_officer_takes_in_a_request_for_access_and_answers_it(
    stage: Stage, size: tuple[int, int], script: bool
) -> None:
    body = stage.world.referral_body()
    stage.world.call("referrer", "POST", "/v1/referrals", body)
    with stage.page(None, size, script=script) as page:
        sign_in(stage, page, "privacy")
        page.get_by_role("link", name="Verzoeken", exact=True).click()
        continue_with(page, "Verzoek vastleggen")
        page.get_by_label("Telefoonnummer").fill(body["participant"]["phone"])
        continue_with(page, "Zoek")
        expect(page.locator(".ds-person")).to_contain_text(body["participant"]["name"])
        continue_with(page, "Inzage")
        continue_with(page, "Vastleggen")
        expect(page.get_by_role("heading", level=1)).to_have_text("Verzoek: inzage")
        continue_with(page, "Bekijken en afdrukken")
        expect(page.locator("main")).to_contain_text(body["learningWish"])
        page.go_back()
        page.get_by_label("Toewijzen", exact=True).check()
        continue_with(page, "Vastleggen")
        expect(page.locator("main")).to_contain_text("Uw besluit is vastgelegd.")
        assert overflow(page) == 0


@pytest.mark.parametrize(("size", "script"), WAYS)
def test_an_employer_follows_how_far_its_referral_is(stage: Stage, size: tuple[int, int], script: bool) -> None:
    case = stage.world.refer("employer", legalBasis="contract")
    stage.world.move("coach", case, "accept")
    with stage.page(None, size, script=script) as page:
        sign_in(stage, page, "employer")
        row = page.get_by_role("row").filter(has_text=case["reference"])
        expect(row).to_contain_text("Geaccepteerd")
        row.get_by_role("link").click()
        expect(page.locator(".ds-chain [aria-current]")).to_contain_text("Doorverwezen")
        expect(page.locator("main")).to_contain_text("Taalhuis Zilt heeft")
        assert overflow(page) == 0


@pytest.mark.parametrize(("size", "script"), WAYS)
def test_a_provider_finds_its_offer_and_changes_the_places(stage: Stage, size: tuple[int, int], script: bool) -> None:
    with stage.page("coach", size, script=script) as page:
        page.goto("/trajectories")
        page.get_by_label("Vaardigheid").select_option("reading")
        page.get_by_label("Alleen van ons").check()
        continue_with(page, "Toon")
        page.get_by_role("link", name="Lezen op het werk").click()
        continue_with(page, "Wijzigen")
        page.get_by_label("Hoeveel plaatsen zijn er?").fill("veel")
        continue_with(page, "Bewaren")
        expect(page.locator("#fouten-lijst")).to_contain_text("Hier hoort een geheel getal.")
        page.get_by_label("Hoeveel plaatsen zijn er?").fill("250")
        continue_with(page, "Bewaren")
        expect(page.locator("main")).to_contain_text("van 250 vrij")
        assert overflow(page) == 0


def test_a_screening_can_be_logged_with_a_keyboard_only(stage: Stage) -> None:
    with stage.page("referrer") as page:
        page.goto("/screenings/new")
        page.keyboard.press("Tab")
        expect(page.locator(":focus")).to_have_text("Ga naar de inhoud")
        page.keyboard.press("Enter")
        answers = {
            "instrument": "Space", "indication": "Space", "score": "9", "ageBand": "Space",
            "languageBackground": "Space", "employment": "Space", "foundAt": "ArrowDown",
        }  # fmt: skip
        for _ in range(40):
            page.keyboard.press("Tab")
            name = page.evaluate("document.activeElement.name || document.activeElement.textContent.trim()")
            if name == "Vastleggen en code tonen":
                break
            if name in answers:
                page.keyboard.press(answers.pop(name))
        assert answers == {}
        page.keyboard.press("Enter")
        expect(page.locator(".ds-code-large")).to_be_visible()


def test_before_the_session_ends_a_warning_comes_and_what_was_typed_stays(stage: Stage) -> None:
    case = stage.world.refer()
    with stage.page("coach") as page:
        page.clock.install()
        page.goto(f"/referrals/{case['id']}/steps/return_with_question")
        page.get_by_label("Uw vraag aan de verwijzer").fill("Welk niveau?")
        page.clock.fast_forward("12:50")
        expect(page.locator("#idle")).to_be_hidden()
        page.clock.fast_forward("00:20")
        expect(page.locator("#idle")).to_be_visible()
        page.get_by_role("button", name="Blijf aangemeld").click()
        expect(page.locator("#idle")).to_be_hidden()
        expect(page.get_by_label("Uw vraag aan de verwijzer")).to_have_value("Welk niveau?")


def test_only_the_card_goes_on_paper(stage: Stage) -> None:
    code = screening(stage.world)
    with stage.page("referrer") as page:
        page.goto(f"/screenings/{code}")
        page.emulate_media(media="print")
        expect(page.locator(".ds-code-large")).to_be_visible()
        for part in (".ds-top", ".ds-nav", "h1", ".ds-facts"):
            expect(page.locator(part).first).to_be_hidden()


def sign_in(stage: Stage, page: Page, who: str) -> None:
    """Sign in as a person does."""
    stage._cookie(who)  # Gives this person a password.
    page.goto("/")
    page.get_by_label("E-mailadres").fill(f"{who}@demo.example")
    page.get_by_label("Wachtwoord").fill(PASSWORD)
    page.get_by_role("button", name="Aanmelden").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Mijn werk")
