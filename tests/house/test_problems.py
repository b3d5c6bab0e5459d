"""`docs/problems.md` says exactly what the code may refuse: every type of problem, and every code of a member."""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator, Set
from pathlib import Path

import pytest

import referral
from referral.core.errors import TYPE_PREFIX, Problem
from referral.core.http.problems import problem_body
from referral.participants.usecases.finding import MEMBERS
from referral.referrals.submission import SUBMIT_RULES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "problems.md").read_text()
TYPE_ROW = re.compile(r"^\| `([a-z-]+)` \| (\d{3}) \| ([^|]+?) \| ([^|]{15,}?) \| ([^|]{5,}?) \|$", re.MULTILINE)
CODE_ROW = re.compile(r"^\| `([a-z_]+)` \| [^|]{4,}", re.MULTILINE)
MESSAGE = re.compile(r"([a-z_]+)\|")
RAISED_WITH_CODE_AT = {"FieldError": 1, "one": 1, "wrong": 0, "_readable": 1, "pattern": 1}


def section(title: str) -> str:
    """The text under one heading."""
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def kinds(kind: type[Problem] = Problem) -> Iterator[type[Problem]]:
    """Every class of the tree below its root, wherever in the package it stands."""
    for heir in kind.__subclasses__():
        yield heir
        yield from kinds(heir)


def every_kind() -> list[type[Problem]]:
    """The whole tree, after importing whatever could add to it."""
    for module in pkgutil.walk_packages(referral.__path__, "referral."):
        importlib.import_module(module.name)
    return list(kinds())


def described(page: str = PAGE) -> dict[str, tuple[int, str]]:
    """Every type on the page, with its status and title."""
    return {slug: (int(status), title) for slug, status, title, _, _ in TYPE_ROW.findall(page)}


def test_every_problem_type_is_described() -> None:
    assert described() == {kind.slug: (kind.status, kind.title) for kind in every_kind()}


def test_a_type_that_is_not_described_is_noticed() -> None:
    """The control of the test above: a problem that a later release adds and forgets to write down."""
    page = re.sub(r"^\| `disk-full` .*\n", "", PAGE, flags=re.MULTILINE)
    assert described(page) != {kind.slug: (kind.status, kind.title) for kind in every_kind()}


def test_a_type_stands_on_the_page_once() -> None:
    slugs = [row[0] for row in TYPE_ROW.findall(PAGE)]
    assert len(slugs) == len(set(slugs))


def test_the_page_names_the_prefix_that_answers_carry() -> None:
    assert f"`{TYPE_PREFIX}`" in section("Types")
    assert all(problem_body(kind())["type"] == TYPE_PREFIX + kind.slug for kind in every_kind())


def test_nobody_raises_the_root_of_the_tree() -> None:
    """Its type is not described, because it says nothing."""
    raised = [path.name for path in modules() if re.search(r"raise Problem\b", path.read_text())]
    assert raised == []


def modules() -> list[Path]:
    """Every module of the package."""
    return sorted((ROOT / "referral").rglob("*.py"))


def literal_codes(tree: ast.AST) -> Iterator[str]:
    """The codes that a module gives to wrong members: as an argument, or in front of a message."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and (found := MESSAGE.match(node.value)):
            yield found[1]
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            at = RAISED_WITH_CODE_AT.get(name)
            if at is not None and len(node.args) > at + 1:
                yield from _strings(node.args[at])


def guard_codes(tree: ast.AST) -> Iterator[str]:
    """The codes that a module gives to refused guards."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "GuardRefused":
            yield from (code for word in node.keywords if word.arg == "code" for code in _strings(word.value))


def _strings(node: ast.AST) -> Iterator[str]:
    yield from (each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str))


def trees() -> list[ast.Module]:
    """Every module of the package but the code lists, whose complaints are for who edits a file."""
    return [ast.parse(path.read_text()) for path in modules() if "codelists" not in path.parts]


def codes_of_members() -> Set[str]:
    """Every code that a wrong member can get."""
    written = {code for tree in trees() for code in literal_codes(tree)}
    return written | {code for _, code, _, _ in SUBMIT_RULES} | MEMBERS.keys()


def test_every_code_of_a_member_is_described() -> None:
    assert sorted(CODE_ROW.findall(section("Codes of members"))) == sorted(codes_of_members())


def test_every_code_of_a_guard_is_described() -> None:
    assert CODE_ROW.findall(section("Guards")) == sorted({code for tree in trees() for code in guard_codes(tree)})


@pytest.mark.parametrize(
    "line",
    [
        'FieldError("/name", "brand_new", "Zin.")',
        'Invalid.one("/name", "brand_new", "Zin.")',
        'raise wrong("brand_new", "Zin.")',
        'MESSAGES = {"bad": "brand_new|Zin."}',
    ],
)
def test_a_code_that_is_not_described_is_noticed(line: str) -> None:
    """The control of the tests above."""
    assert "brand_new" in literal_codes(ast.parse(line))
    assert "brand_new" not in CODE_ROW.findall(section("Codes of members"))
