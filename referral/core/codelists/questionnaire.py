"""The questionnaire of the monitor: the national questions, which are mandatory, and those of a region (K9)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from referral.core.codelists.files import Entry, open_list, read_list
from referral.core.codelists.labels import labels

FILE = "questionnaire.toml"


@dataclass(frozen=True)
class Question:
    """One question: the area it is about, its words, when it is asked, and the region that added it (None: national).

    `region` is the code of an arbeidsmarktregio.
    """

    code: str
    label: str
    question: str
    moments: tuple[str, ...]
    region: str | None

    @property
    def is_mandatory(self) -> bool:
        """Whether everybody is asked it, in every region."""
        return self.region is None


@cache
def questionnaire() -> Mapping[str, Question]:
    """The questions of `config/questionnaire.toml`, the national ones first."""
    return read_questions(open_list(FILE))


def read_questions(source: Entry) -> Mapping[str, Question]:
    """The questions in a list file; raises ValueError naming file and key, also when a national one is missing."""
    found = read_list(source, _question)
    for area in labels("area"):
        if area not in found or not found[area].is_mandatory:
            raise source.wrong(f"codes.{area}", "is a national question and must be there")
    return found


def _question(code: str, entry: Entry) -> Question:
    entry.only("region", "label", "question", "moments")
    region = entry.text("region") if entry.has("region") else None
    if region is not None and region not in labels("labourMarketRegionCode"):
        raise entry.wrong("region", "is no labour market region")
    if (region is None) is not (code in labels("area")):
        raise entry.wrong("region", "must be there for a question of a region, and for no other")
    if not set(entry.texts("moments")) <= set(labels("moment")):
        raise entry.wrong("moments", "must name codes of that list")
    label = labels("area")[code] if region is None else entry.text("label")
    return Question(code, label, entry.text("question"), entry.texts("moments"), region)
