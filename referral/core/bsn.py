"""Whether free text holds a citizen service number (BSN), in any notation; number and context are weighed together.

One in eleven other numbers passes the eleven test, so a number is judged by what stands around it:

1. what is surely something else is struck first: phone, IBAN, VAT number, date, time, amount, a reference of ours;
2. 8 or 9 digits that are called BSN, sofi-, onderwijs- or persoonsgebonden nummer are one, also with a typing error;
3. digits with another name are none: KvK, polis-, zaak-, klant- or cliëntnummer and so on. An organisation's own number
   passes the eleven test by chance, so its name is believed; "cliënt 111222333" without "nummer" is no such name;
4. any other number is one when it passes the eleven test and is written the way people write a BSN.

Not found: digits in words, a BSN under the name of another number, more than five letters for digits. The time is
linear in the length of the text. Source: UAVG art. 46 (a BSN may be used only where a law says so).
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from stdnum.nl import bsn

LEAST_DIGITS = 4
_LENGTHS = (8, 9)
_MISTYPED = 10

_OPEN, _SHUT = r"(?<![a-z\d])", r"(?![a-z\d])"
_PAUSE = r"[\s./()\-]{0,3}"
_DAY, _MONTH, _YEAR = "(?:0?[1-9]|[12]\\d|3[01])", "(?:0?[1-9]|1[0-2])", "(?:19|20)\\d\\d"


def _after_area_code(more: int) -> str:
    return rf"\d{{{more}}}{_PAUSE}(?!0031)\d(?:[\s./()\-]?\d){{{6 - more}}}"


_SURELY_OTHER = re.compile(
    "|".join(
        (
            rf"(?<!\d)0[1-9](?:{'|'.join(map(_after_area_code, range(3)))})\d(?!\d|[./\-]\d)",  # phone, ten digits
            rf"(?<!\d)(?:(?:\+\s?|00)31{_PAUSE}(?:0\)?{_PAUSE})?[1-9]|31[\s.\-]6)(?:{_PAUSE}\d){{8}}(?!\d)",
            r"\+\d(?:[\s./()\-]{0,2}\d){7,13}(?!\d)",  # phone abroad
            r"(?<!\d)0[89]00[\s\-]{0,3}\d{4}(?:\d{3})?(?!\d)",  # service number
            rf"{_OPEN}nl\d\d[\s.\-]?[a-z]{{4}}(?:[\s.\-]?\d){{10}}",  # IBAN
            rf"{_OPEN}nl[\s.]?(?:\d[\s.]?){{9}}b[\s.]?\d\d(?!\d)",  # VAT number
            rf"(?<![\d./\-]){_DAY}([./\-]){_MONTH}\1(?:{_YEAR}|\d\d)(?!\d|[./\-]\d)",
            rf"(?<![\d./\-]){_DAY} {_MONTH} {_YEAR}(?!\d|[./\-]\d)",
            rf"(?<!\d){_YEAR}[./\-]{_MONTH}[./\-]{_DAY}(?!\d)",
            r"(?<![\d.:,])(?:[01]?\d|2[0-3])[.:][0-5]\d(?:[.:][0-5]\d)?(?!\d|[.:]\d)",  # time
            r"€\s?\d[\d.]{0,14}(?:,\d\d)?",
            r"(?<![\d.,])\d{1,3}(?:\.?\d{3}){0,3}(?:,(?:\d\d|-))?\s?(?:€|euro?(?![a-z]))",
            r"(?<![\d.,])\d{1,3}(?:\.\d{3}){1,3},(?:\d\d(?!\d)|-)",
            rf"{_OPEN}v-\d{{4}}-[a-z\d]{{5}}{_SHUT}",  # our reference of a referral
            rf"{_OPEN}s-[a-z\d]{{4}}-[a-z\d]{{4}}-[a-z\d]{_SHUT}",  # our code of a screening
            rf"{_OPEN}[a-f\d]{{8}}-(?:[a-f\d]{{4}}-){{3}}[a-f\d]{{12}}{_SHUT}",  # id of an object
        )
    )
)
_STRUCK = "#"
_LIKELY_OTHER = re.compile(
    rf"(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2]){_YEAR}|{_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"  # a date
    rf"|{_YEAR}[\-/ ]{{1,3}}{_YEAR}(?:[\-/]\d)?|{_YEAR}[\-/]\d{{4,5}}"  # school year, year and serial number
    r"|(?:[01]\d|2[0-3])[0-5]\d\s?-\s?(?:[01]\d|2[0-3])[0-5]\d"  # from time to time
)

_NR = r"[\s\-]?(?:n[ou]m+er[a-z]{0,2}|(?:nrs?|no|num)\.?)(?![a-z])"
_NAMES = re.compile(
    r"(?<![a-z])(?:(?P<bsn>"
    rf"bsn?(?:{_NR})|bsn(?![a-z])|b[. ]{{1,2}}s[. ]{{1,2}}n(?![a-z])|burger[\s\-]?(?:ser[a-z]{{0,6}})?(?:{_NR})"
    rf"|sofi(?:{_NR})|sofi(?=[\s:.=\-]{{0,3}}\d)|soci?aal[\s\-/]{{0,3}}fiscaal(?:{_NR})?|fi(?:scaal)?(?:{_NR})"
    rf"|onderwijs(?:{_NR})|persoonsgebonden(?:{_NR})|pgn(?![a-z])|social security (?:number|no)"
    r"|citizen service number)"
    # Numbers that may well hold a BSN clear nothing: the tax office, UWV and the SVB use it as their own number.
    r"|(?!(?:identi[a-z]{0,12}|legitimatie[a-z]{0,6}|persoons?|paspoort|registratie|uitkerings?|uwv|svb"
    rf"|aanslag|toeslag|beschikkings?|belasting|digid)(?:{_NR}))"
    rf"(?P<other>[a-z]{{3,30}}(?:n[ou]m+er[a-z]{{0,2}}|nr\.?)(?![a-z])|(?:klant|client|relatie|dossier|zaak|polis|factuur"
    rf"|order|bestel|telefoon|tel|mobiel|rekening|bank|contract|ov|kaart|serie|ticket)(?:{_NR}|[\s\-]?id)"
    r"|kvk|k\.v\.k|kamer van koophandel|rsin|iban|vestiging|btw|agb(?:-?code)?"
    r"|(?:vergader|meeting|deelname)[\s\-]?id)(?![a-z])"
    r"|(?P<near>tel|telefoon|mobiel|mob|gsm|fax|whatsapp|bel|bellen|gebeld|dossier|zaak|polis|factuur|order"
    r"|bestelling|kenmerk|referentie|ref|ticket|melding|declaratie|contract|rekening|giro|pakket|postpakket|zending"
    r"|postbus|toestel|wachtwoord|code|pincode|barcode|isbn|artikel|geboortedatum|geb|datum|vanaf|zoom|teams)(?![a-z]))"
)
# How many characters before and behind a number its name may end or begin, and how many are punctuation only.
_REACH = {"bsn": 60, "other": 30, "near": 10}
_AFTER, _PUNCTUATION = 25, 4
_ABBREVIATION = re.compile(r"(?<![a-z])(?:dhr|mevr|mw|mr|dr|drs|nr|geb|jr|sr|evt|incl|tel)\.")
_SENTENCE_END = re.compile(r"[.!?;]\s|\n\s*\n")
_NO_LONGER_NAMED = re.compile(r"[,;\n]|(?<![a-z])(?:niet|geen|onbekend|ontbreekt|kwijt)(?![a-z])")
_DIRECTLY = re.compile(r"[\s:.=()*'\"\-]*(?:nr|nummer|op|via|is|was|met|van)?[\s:.=()*'\"\-]*(?:[a-z]{1,2}-?)?")
_JOINED = re.compile(r"\s?(?:[/(=+&-]|of|en|is|als)\s?(?:het |ons )?")
_SAYS = re.compile(
    r"[ )]{0,2}(?:[(\[=] ?(?:is |= ?)?|(?:,? ?dat )?(?:is|was|als) ?)(?:(?:het|zijn|haar|mijn|een|hun|diens) )?"
)

_SHAPES = ((3, 3, 3), (4, 2, 3), (2, 2, 2, 3), (3, 2, 2, 2), (2, 3, 2, 2), (3, 2, 4), (2, 3, 4), (2, 4, 3), (3, 4, 2),
           (4, 3, 2), (2, 5, 2), (4, 4, 1), (1, 4, 4), (4, 5), (5, 4), (3, 6), (6, 3), (9,), (1,) * 9)  # fmt: skip
# Without its leading zero a number has one digit fewer in front.
_WRITTEN = {*_SHAPES, *((first - 1, *rest) if first > 1 else tuple(rest) for first, *rest in _SHAPES)}
_GAP = re.compile(r"[\s.\-/_·•*|\\']{1,4}|,")
_LOOKALIKE = re.compile(
    r"(?<=\d)[oil]{1,4}(?![a-z])|(?<![a-z])[oil]{1,4}(?=\d)|(?<=[\doil][ .\-])[oil](?=[ .\-][\doil])"
)
_OWN_CODE = re.compile(r"(?<![a-z])(?!nr|no|id|is|en|op|of|mw|dr)[a-z]{1,2}-?\Z")
_CODE_GOES_ON = re.compile(r"[a-z](?:\d|(?![a-z]))")


@dataclass(frozen=True)
class _Name:
    start: int
    end: int
    kind: str


@dataclass(frozen=True)
class _Candidate:
    """Some groups of digits that follow each other, with the groups on either side."""

    text: str
    groups: tuple[re.Match[str], ...]
    before: re.Match[str] | None
    after: re.Match[str] | None

    @property
    def start(self) -> int:
        return self.groups[0].start()

    @property
    def end(self) -> int:
        return self.groups[-1].end()

    @property
    def digits(self) -> str:
        return "".join(group[0] for group in self.groups)

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(len(group[0]) for group in self.groups)


def find_bsn(text: str) -> bool:
    """Whether the text seems to hold a BSN; says no more, so that nobody can repeat or log the number."""
    if sum(map(str.isdigit, text)) < LEAST_DIGITS:
        return False
    plain = _SURELY_OTHER.sub(_STRUCK, _plain(text))
    names = [_Name(*match.span(), str(match.lastgroup)) for match in _NAMES.finditer(plain)]
    return any(_is_bsn(candidate, names) for candidate in _candidates(plain))


def _plain(text: str) -> str:
    """The text in lower case, with ASCII digits, without accents and invisible characters, and with 0 for O."""
    if not text.isascii():
        text = "".join(map(_plain_character, unicodedata.normalize("NFKD", text)))
    text = text.casefold().replace("\r", "\n")
    return _LOOKALIKE.sub(lambda match: match[0].translate({ord("o"): "0", ord("i"): "1", ord("l"): "1"}), text)


def _plain_character(character: str) -> str:
    if (digit := unicodedata.digit(character, None)) is not None:
        return str(digit)
    kind = unicodedata.category(character)
    if kind in ("Mn", "Me", "Cf"):
        return ""
    return {"Pd": "-", "Zl": "\n", "Zp": "\n"}.get(kind, "-" if character == "\u2212" else character)


def _candidates(plain: str) -> Iterator[_Candidate]:
    """Every run of neighbouring groups that has the length of a BSN; at most ten groups are tried from each group."""
    groups = list(re.finditer("[0-9]+", plain))
    joined = [_GAP.fullmatch(plain, one.end(), two.start()) is not None for one, two in pairwise(groups)]
    for first in range(len(groups)):
        length = 0
        for last in range(first, len(groups)):
            length += len(groups[last][0])
            if length in _LENGTHS or (length == _MISTYPED and first == last):
                before = groups[first - 1] if first and joined[first - 1] else None
                after = groups[last + 1] if last < len(joined) and joined[last] else None
                yield _Candidate(plain, tuple(groups[first : last + 1]), before, after)
            if length >= max(_LENGTHS) or last == len(joined) or not joined[last]:
                break


def _is_bsn(candidate: _Candidate, names: Sequence[_Name]) -> bool:
    kind = _kind_of(candidate, names)
    if kind is None:
        return bsn.is_valid(candidate.digits) and _is_written_like_a_bsn(candidate)
    return kind == "bsn"


def _kind_of(candidate: _Candidate, names: Sequence[_Name]) -> str | None:
    """What the words around a number call it: "bsn", "other" or nothing; "(bsn)" behind it wins, then the nearest."""
    following = bisect_right(names, candidate.start, key=lambda name: name.start)
    between = _gap_before_bsn(candidate, names[following : following + 1])
    if _SAYS.fullmatch(between):
        return "bsn"
    for at in range(following - 1, -1, -1):
        if candidate.start - names[at].end > _REACH["bsn"]:
            break
        if _belongs(names[at], candidate):
            shared = at > 0 and names[at - 1].kind == "bsn" and _joined(candidate.text, names[at - 1], names[at])
            return "bsn" if shared or names[at].kind == "bsn" else "other"
    return "bsn" if between == " " else None


def _gap_before_bsn(candidate: _Candidate, following: Sequence[_Name]) -> str:
    near = [name for name in following if name.kind == "bsn" and name.start - candidate.end <= _AFTER]
    return candidate.text[candidate.end : near[0].start] if near else _STRUCK


def _joined(text: str, one: _Name, two: _Name) -> bool:
    return _JOINED.fullmatch(text, one.end, two.start) is not None


def _belongs(name: _Name, candidate: _Candidate) -> bool:
    gap = candidate.text[name.end : candidate.start]
    if len(gap) > _REACH[name.kind]:
        return False
    return _is_called_bsn(gap, candidate) if name.kind == "bsn" else _is_called_other(gap, name.kind)


def _is_called_bsn(gap: str, candidate: _Candidate) -> bool:
    if len(gap) <= _PUNCTUATION:
        return True
    if len(candidate.digits) == _MISTYPED or _is_likely_other(candidate):
        return False
    # Nine digits in a usual shape need no more than the word in the sentence before.
    return not _ends_a_sentence(gap) or (len(candidate.digits) == max(_LENGTHS) and candidate.shape in _WRITTEN)


def _is_called_other(gap: str, kind: str) -> bool:
    if _STRUCK in gap or sum(map(str.isdigit, gap)) >= min(_LENGTHS):
        return False  # the name belonged to the number in between
    loosely = kind == "other" and not _NO_LONGER_NAMED.search(gap) and not _ends_a_sentence(gap)
    return loosely or _DIRECTLY.fullmatch(gap) is not None


def _ends_a_sentence(gap: str) -> bool:
    return _SENTENCE_END.search(_ABBREVIATION.sub("", gap)) is not None


def _is_likely_other(candidate: _Candidate) -> bool:
    return _LIKELY_OTHER.fullmatch(candidate.text, candidate.start, candidate.end) is not None


def _is_written_like_a_bsn(candidate: _Candidate) -> bool:
    if _is_likely_other(candidate):
        return False
    if _OWN_CODE.search(candidate.text[max(0, candidate.start - 4) : candidate.start]):
        return False
    if _CODE_GOES_ON.match(candidate.text, candidate.end):
        return False
    gaps = [candidate.text[one.end() : two.start()] for one, two in pairwise(candidate.groups)]
    return not _goes_on(candidate, gaps) and _has_a_usual_shape(candidate, gaps)


def _goes_on(candidate: _Candidate, gaps: Sequence[str]) -> bool:
    """Whether the groups are a part of a longer number, such as that of a bank card."""
    neighbours = [(candidate.before, candidate.groups[0]), (candidate.groups[-1], candidate.after)]
    return any(
        (gap := candidate.text[one.end() : two.start()]) in gaps and (gap.strip() or len(one[0]) == len(two[0]))
        for one, two in neighbours
        if one and two
    )


def _has_a_usual_shape(candidate: _Candidate, gaps: Sequence[str]) -> bool:
    broken_off = len(gaps) == 1 and "\n" in gaps[0] and min(candidate.shape) > 1
    return broken_off or candidate.shape in _WRITTEN
