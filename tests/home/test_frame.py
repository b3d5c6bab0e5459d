"""A municipality's own look: its stylesheet and logo by a setting, and nothing else from that folder."""

from dataclasses import replace
from pathlib import Path

import pytest

from config.settings import Settings
from referral.app import create_app
from tests.world import World

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@ON_SQLITE
def test_a_theme_and_a_logo_are_served_from_their_folder_and_nothing_beside_them(
    world: World, settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "theme"
    folder.mkdir()
    (folder / "theme.css").write_text(".utrecht-theme { --utrecht-link-color: #123456; }")
    (folder / "logo.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    (folder / "secret.txt").write_text("geheim")
    client = create_app(replace(settings, theme_directory=folder), service=world.service).test_client()
    page = client.get("/sign-in").text
    assert page.index("/static/app.css") < page.index("/theme/theme.css"), "it comes after ours, and so overrides it"
    assert "/theme/logo.svg" in page
    for name, kind in (("theme.css", "text/css"), ("logo.svg", "image/svg+xml")):
        with client.get(f"/theme/{name}") as answer:
            assert (answer.status_code, answer.mimetype) == (200, kind)
    for name in ("secret.txt", "logo.png", "..%2fsecret.txt", "../theme/secret.txt"):
        assert client.get(f"/theme/{name}").status_code == 404, name


@ON_SQLITE
def test_without_a_setting_there_is_only_our_own_look(world: World) -> None:
    assert "/theme/" not in world.client.get("/sign-in").text
    assert world.client.get("/theme/theme.css").status_code == 404
