"""Writes pictures of the main pages to docs/pictures, from a small demo made for it: `make screenshots`."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from config.settings import load
from referral.app import create_app, create_service
from referral.core.migrate import upgrade
from referral.demo import ACCOUNTS, PASSWORD, build_demo
from tests.browser_world import launch, serving

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
LARGEST = 150_000
SIZE = {"width": 1120, "height": 760}


def main() -> int:
    """Make all of them; returns how many are too large."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        settings = load(
            {
                "ENVIRONMENT": "demo",
                "DATABASE_URL": f"sqlite:///{root}/db/referral.db",
                "KEY_DIRECTORY": f"{root}/keys",
                "MAIL_SINK_DIRECTORY": f"{root}/mail",
                "SECRET_KEY": "een-geheim-voor-de-plaatjes-0123456789",
            }
        )
        service = create_service(settings)
        upgrade(service.engine)
        service.key_ring.initialise()
        build_demo(service, scale=0.3)
        with serving(create_app(settings, service=service)) as url, sync_playwright() as playwright:
            browser = launch(playwright)
            for account, shoot in (
                (ACCOUNTS[0], klantmanager),
                (ACCOUNTS[3], trajectbegeleider),
                (ACCOUNTS[4], coordinator),
                (ACCOUNTS[7], beheer),
                (ACCOUNTS[8], regiobeheer),
            ):
                page = browser.new_context(viewport=SIZE, base_url=url).new_page()
                page.goto("/sign-in")
                page.get_by_label("E-mailadres").fill(account.email)
                page.get_by_label("Wachtwoord").fill(PASSWORD)
                page.get_by_role("button", name="Aanmelden").click()
                shoot(page)
            browser.close()
        service.engine.dispose()
    sizes = {path.name: path.stat().st_size for path in sorted(FOLDER.glob("*.png"))}
    for name, size in sizes.items():
        sys.stdout.write(f"{name}: {size} bytes\n")
    return sum(size > LARGEST for size in sizes.values())


def klantmanager(page: Page) -> None:
    """My work, a screening with its card, and the offers that fit."""
    save(page, "mijn-werk")
    page.goto("/screenings?discussed=held")
    page.locator("tbody a").first.click()
    save(page, "screening")
    page.goto("/referrals/new")
    page.get_by_role("button", name="Begin").click()
    page.get_by_label("Naam", exact=True).fill("Ria de Wit")
    page.get_by_label("Telefoonnummer").first.fill("06 11 22 33 44")
    page.get_by_label("Er is geen screening gedaan").check()
    page.get_by_label("Wil verder").check()
    page.get_by_role("button", name="Bewaren en verder").click()
    page.get_by_label("Lezen en schrijven").check()
    page.get_by_label("Werkzoekend").check()
    page.get_by_role("button", name="Bewaren en verder").click()
    save(page, "aanbod")


def trajectbegeleider(page: Page) -> None:
    """The queue of the team, and a case on its way."""
    page.goto("/queue")
    save(page, "wachtrij")
    page.goto("/referrals?status=in_trajectory")
    page.locator("tbody a").first.click()
    save(page, "zaak")


def coordinator(page: Page) -> None:
    """The figures of the own organisation, the catalogue, and who saw a case."""
    page.goto("/figures")
    save(page, "cijfers")
    page.goto("/trajectories?skill=reading")
    save(page, "catalogus")
    page.goto("/referrals?status=in_trajectory")
    page.locator("tbody a").first.click()
    page.get_by_role("link", name="Wie zag dit").click()
    save(page, "wie-zag-dit")


def beheer(page: Page) -> None:
    """A colleague, and what its leaving will do."""
    page.goto("/administration")
    page.locator("tbody a").first.click()
    save(page, "collega")


def regiobeheer(page: Page) -> None:
    """A term of the region, and what its change will do."""
    page.goto("/administration/terms")
    page.locator("tr", has_text="Van aanmelding naar eerste antwoord").get_by_role("link").click()
    page.get_by_label("Herinnering").first.fill("2")
    page.get_by_role("button", name="Bekijk wat dit doet").click()
    save(page, "termijn")


def save(page: Page, name: str) -> None:
    """The part of the page that fits the window."""
    page.screenshot(path=FOLDER / f"{name}.png")


if __name__ == "__main__":
    sys.exit(main())
