"""The locks: every package pinned with its hashes, nothing that names a place, and in step with pyproject.toml."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
LOCKS = {"requirements.lock": (), "requirements-test.lock": ("test",)}
PIN = re.compile(
    r"^([a-z0-9.-]+)==([^ ]+)((?: ; [^\\]+)?) \\\n((?: {4}--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE
)


def pins(name: str) -> dict[str, str]:
    return {package: version for package, version, _, _ in PIN.findall((ROOT / name).read_text())}


def asked(extras: tuple[str, ...]) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = project["dependencies"] + [line for extra in extras for line in project["optional-dependencies"][extra]]
    return [Requirement(line) for line in lines]


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_nothing_but_pins_with_hashes(name: str) -> None:
    """So no option, no address and no folder of the machine on which it was made."""
    rest = PIN.sub("", (ROOT / name).read_text())
    assert [line for line in rest.splitlines() if line and not line.startswith("# The following")] == []


@pytest.mark.parametrize(("name", "extras"), LOCKS.items())
def test_a_lock_satisfies_every_direct_dependency(name: str, extras: tuple[str, ...]) -> None:
    """Forgot `make lock` after a change of pyproject.toml."""
    locked = pins(name)
    missing = [
        str(requirement)
        for requirement in asked(extras)
        if not requirement.specifier.contains(locked.get(requirement.name.lower(), "0"), prereleases=True)
    ]
    assert missing == []


def test_what_is_tested_is_what_is_served() -> None:
    assert pins("requirements.lock").items() <= pins("requirements-test.lock").items()
