"""What the pages promise is so: the tour works, every command runs or reads, settings and links are right."""

import fcntl
import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from config.settings import Settings, load
from referral.cli import main
from referral.referrals.workflow import LABELS, Status
from referral.screenings.api import FILE
from tests.house.installation import ROOT, Installation, install

PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
OPERATING = (ROOT / "docs" / "operating.md").read_text()
README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SETTING = re.compile(r"^\| `([A-Z_]+)` \| (?:`([^`]+)`|none) \| [^|]+ \|$", re.MULTILINE)
COMMAND = re.compile(r"^\| `referral ([a-z -]+)` \| [^|]+ \|$", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#[^)]*)?\)")

NEEDS_MORE = ("referral user reset-second-factor",)
"""What needs a person who did something first."""
NEVER_ENDS = ("referral serve", "referral worker", "referral demo")
LONG_NAMES = {"-r": "--requirement", "-e": "--editable"}
PASSWORD = "een-lang-wachtwoord-2026"
GOOD = {"SECRET_KEY": "5f1c0d2be94f4a0e8f77c2f9d60a1b34", "PUBLIC_URL": "https://verwijzen.example"}


def tour() -> str:
    """The tour of the README as one script."""
    return "\n".join(BLOCK.findall(_section(README, "A tour")))


def _section(page: str, title: str) -> str:
    return page.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def commands() -> Iterator[str]:
    """Every command in a block of shell outside the tour, on one line each."""
    for page in PAGES:
        text = page.read_text().replace(_section(README, "A tour"), "")
        for block in BLOCK.findall(text):
            yield from block.replace("\\\n", " ").splitlines()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An installation filled by `referral demo`, made once for all processes of this run; copy it before use."""
    here = tmp_path_factory.getbasetemp()
    shared = here.parent if "PYTEST_XDIST_WORKER" in os.environ else here
    filled = shared / "demo-installation"
    with (shared / "demo-installation.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not filled.exists():
            filling = install(shared / "demo-installation-filling")
            run = filling.shell("referral demo --no-serve")
            assert run.returncode == 0, run.stderr
            filling.root.rename(filled)
    return Installation(filled)


@pytest.fixture
def own_demo(demo: Installation, tmp_path: Path) -> Installation:
    """A filled installation of this test's own."""
    return demo.copy(tmp_path / "installation")


def test_the_tour_of_the_readme_leads_where_it_says(own_demo: Installation) -> None:
    stray = tour().replace('"event": "accept"', '"event": "complete"')
    with own_demo.serving() as base:
        done = own_demo.shell(tour(), BASE=base)
        astray = own_demo.shell(stray, BASE=base, PATH=own_demo.own_programs + os.pathsep + own_demo.env["PATH"])
    assert done.returncode == 0, done.stdout + done.stderr
    reached = re.findall(r"^--> (.+)$", done.stdout, re.MULTILINE)
    way = [Status.ACCEPTED, Status.HANDED_OVER, Status.INTAKE, Status.IN_TRAJECTORY, Status.COMPLETED, Status.CLOSED]
    assert list(dict.fromkeys(reached)) == [LABELS[status] for status in way]
    assert "ball with nobody by None" in done.stdout
    assert "Ria de Wit 06 11 22 33 44" in done.stdout
    assert re.fullmatch(r"screened: \d.* closed: [1-9]\d*", done.stdout.splitlines()[-1])
    # The control: a step that the service refuses ends the tour there; up to there our own curl did as well.
    assert astray.returncode != 0
    assert "Aangemeld - ball with receiver" in astray.stdout
    assert "--> " not in astray.stdout


def test_every_command_that_ends_runs_in_the_order_of_the_page(own_demo: Installation) -> None:
    (own_demo.root / "screenings.csv").write_text(FILE)
    script = [line for block in BLOCK.findall(OPERATING) for line in block.splitlines() if _can_run(line)]
    # One row of the example file is wrong on purpose, and the page promises exit status 1 for that.
    promised = [f"{line} || [ $? -eq 1 ]" if line.startswith("referral import") else line for line in script]
    # What `backup-key create` prints is for `BACKUP_RECIPIENT`, as the page says.
    promised = [f'export BACKUP_RECIPIENT="$({line})"' if "backup-key" in line else line for line in promised]
    run = own_demo.shell("\n".join(promised), NEW_USER_PASSWORD=PASSWORD)
    assert run.returncode == 0, run.stdout + run.stderr
    assert len(script) == 23
    assert (own_demo.root / "var" / "referral-backup.age").stat().st_size > 0
    assert "rijen teruggezet" in run.stderr
    written = [path.suffix for path in (own_demo.root / "reports").iterdir() if path.stat().st_size > 0]
    assert sorted(written) == [".csv", ".html", ".pdf", ".xlsx"]


def _can_run(line: str) -> bool:
    return not line.startswith((*NEVER_ENDS, *NEEDS_MORE, ".venv/bin/pip", "python3.11"))


@pytest.mark.parametrize("line", dict.fromkeys(commands()))
def test_every_command_can_be_read_by_its_program(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "screenings.csv").write_text(FILE)
    (tmp_path / "var").mkdir()
    for name in ("referral-backup.age", "backup-identity.txt"):
        (tmp_path / "var" / name).touch()
    read(line)


@pytest.mark.parametrize(
    "line",
    [
        "referral serv",
        "referral serve --prot 8000",
        "referral serve --port 99999",
        "referral user create --email a@b.example",
        "make tset",
        ".venv/bin/pytest --no-such-option",
        ".venv/bin/pip install --require-hashes -r requirements-tset.lock",
        "sudo rm -r var",
    ],
)
def test_a_command_that_would_not_work_is_noticed(line: str) -> None:
    """The control of the test above."""
    with pytest.raises((click.UsageError, AssertionError)):
        read(line)


def read(line: str) -> None:
    """Let the program of this command judge it without doing it; AssertionError for a program nobody knows."""
    program, *arguments = shlex.split(line)
    name = program.rpartition("/")[2]
    if name == "referral":
        _read_arguments(arguments)
    elif name == "make":
        assert re.search(rf"^{arguments[0]}:", MAKEFILE, re.MULTILINE)
    elif name == "pip":
        _read_install(arguments)
    elif name in ("ruff", "mypy", "lint-imports", "pytest"):
        recipe = " ".join([f"$(BIN)/{name}", *arguments]).replace(" -n 2", " $(TEST_ARGUMENTS)")
        assert f"\t{recipe}\n" in MAKEFILE
    elif name.startswith("python3") and arguments[0] == "-c":
        compile(arguments[1], line, "exec")
    elif name.startswith("python3") and arguments[0].endswith(".py"):
        assert (ROOT / arguments[0]).exists()
    else:
        assert (name.rstrip(".1"), arguments[:2]) in (("python3", ["-m", "venv"]), ("tar", ["--create", "--file"]))


def _read_arguments(arguments: list[str]) -> None:
    command: click.Command = main
    name = "referral"
    while isinstance(command, click.Group):
        found, inner, arguments = command.resolve_command(click.Context(command), arguments)
        assert found
        assert inner
        name, command = found, inner
    command.make_context(name, arguments)


def _read_install(arguments: list[str]) -> None:
    """What every run of `make` does with pip, and nothing that was never tried."""
    options = {LONG_NAMES.get(option, option) for option in arguments if option.startswith("-")}
    assert options <= set(re.findall(r"--[a-z-]+", MAKEFILE))
    assert all((ROOT / name).exists() for name in arguments[1:] if not name.startswith("-"))


class Asked(dict[str, str]):
    """An environment that remembers what was asked of it."""

    def __init__(self, env: dict[str, str]) -> None:
        super().__init__(env)
        self.names: set[str] = set()

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]
        self.names.add(name)
        return super().get(name, default)

    def __contains__(self, name: object) -> bool:
        self.names.add(str(name))
        return super().__contains__(name)


def test_every_setting_stands_in_the_table(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(GOOD["SECRET_KEY"])
    secret.chmod(0o600)
    in_file = Asked({"SECRET_KEY_FILE": str(secret), "PUBLIC_URL": GOOD["PUBLIC_URL"]})
    load(in_file, tmp_path)
    assert in_file.names == {name for name, _ in SETTING.findall(OPERATING)}


def _loaded(root: Path, **changes: str) -> Settings:
    return load(GOOD | changes, root)


@pytest.mark.parametrize(("name", "default"), [row for row in SETTING.findall(OPERATING) if row[1]])
def test_the_default_of_a_setting_is_the_one_in_the_table(name: str, default: str, tmp_path: Path) -> None:
    value = f"{tmp_path}/{default}" if default.startswith("var/") else default
    value = f"sqlite:///{value}" if name == "DATABASE_URL" else value
    assert _loaded(tmp_path, **{name: value}) == _loaded(tmp_path)


def test_a_wrong_default_is_noticed(tmp_path: Path) -> None:
    """The control of the test above."""
    assert _loaded(tmp_path, SESSION_IDLE_MINUTES="16") != _loaded(tmp_path)


def test_the_example_of_the_environment_uses_known_settings() -> None:
    lines = (ROOT / "deploy" / "environment.example").read_text().splitlines()
    used = {line.partition("=")[0] for line in lines if line and not line.startswith("#")}
    assert used <= {name for name, _ in SETTING.findall(OPERATING)}


def _tree(command: click.Command, *path: str) -> Iterator[str]:
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from _tree(inner, *path, name)
    else:
        yield " ".join(path)


def test_every_command_of_the_program_stands_in_the_table() -> None:
    assert sorted(COMMAND.findall(OPERATING)) == sorted(_tree(main))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    assert [link for link in LINK.findall(page.read_text()) if link and not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_line_of_a_page_is_wider_than_the_code(page: Path) -> None:
    inside = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    assert [line for line in inside.splitlines() if len(line) > 120 and not line.startswith("|")] == []


def test_decisions_are_numbered_without_gaps_and_dated() -> None:
    decisions = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [int(page.name[:4]) for page in decisions] == list(range(1, len(decisions) + 1))
    for number, page in enumerate(decisions, start=1):
        assert re.match(rf"# {number}\. .+\n\n\d{{4}}-\d\d-\d\d, accepted\.\n", page.read_text())


def test_the_changelog_begins_with_the_version_of_the_package() -> None:
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    newest = re.search(r"^## (\S+) - \d{4}-\d\d-\d\d$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert version
    assert newest
    assert version[1] == newest[1]
