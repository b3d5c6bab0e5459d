"""The values that a division may have, whatever the data: a row that is always there tells of nobody."""

from collections.abc import Collection, Mapping

from referral.core.codelists import labels, templates
from referral.reports.measures import GroupKey
from referral.reports.usecases.counting import Reading, region_of
from referral.reports.usecases.journeys import OTHER

CODE_LISTS: Mapping[GroupKey, str] = {
    GroupKey.SOURCE_KIND: "organisationKind",
    GroupKey.MUNICIPALITY: "municipalityCode",
    GroupKey.REGION: "labourMarketRegionCode",
    GroupKey.LANGUAGE_BACKGROUND: "languageBackground",
    GroupKey.EMPLOYMENT: "employment",
    GroupKey.AGE_BAND: "ageBand",
    GroupKey.RAISES_CHILDREN: "raisesChildren",
    GroupKey.SECTOR: "sector",
    GroupKey.OCCUPATION: "occupationCode",
    GroupKey.SKILL: "skill",
    GroupKey.COURSE_KIND: "courseKind",
    GroupKey.FOUND_AT: "foundAt",
    GroupKey.TOP_LIST: "topList",
    GroupKey.VULNERABLE_SECTOR: "vulnerableSector",
}
"""The list of codes that a division takes its values from."""
KEY_LABELS: Mapping[GroupKey, str] = {
    GroupKey.SOURCE_KIND: "Soort verwijzer",
    GroupKey.ORGANISATION: "Organisatie",
    GroupKey.PARTNER: "Aanbieder",
    GroupKey.MUNICIPALITY: "Gemeente",
    GroupKey.REGION: "Arbeidsmarktregio",
    GroupKey.MONTH: "Maand",
    GroupKey.QUARTER: "Kwartaal",
    GroupKey.LANGUAGE_BACKGROUND: "Taalachtergrond",
    GroupKey.EMPLOYMENT: "Werk",
    GroupKey.AGE_BAND: "Leeftijd",
    GroupKey.RAISES_CHILDREN: "Voedt kinderen op",
    GroupKey.SECTOR: "Sector",
    GroupKey.OCCUPATION: "Beroep",
    GroupKey.SKILL: "Vaardigheid",
    GroupKey.TRAJECTORY_TEMPLATE: "Sjabloon van het traject",
    GroupKey.COURSE_KIND: "Soort cursus",
    GroupKey.FOUND_AT: "Vindplaats",
    GroupKey.TOP_LIST: "Top 10 van beroepen",
    GroupKey.VULNERABLE_SECTOR: "Kwetsbare sector",
}
"""The Dutch words for each division."""
ORGANISATIONS = frozenset({GroupKey.ORGANISATION, GroupKey.PARTNER})
"""The divisions of which the values are organisations."""
PLACES = frozenset({GroupKey.MUNICIPALITY, GroupKey.REGION})


def codes_of(key: GroupKey) -> Mapping[str, str]:
    """The codes of a division with their Dutch labels; empty for organisations."""
    if key is GroupKey.TRAJECTORY_TEMPLATE:
        return {template.letter: template.label for template in templates().values()}
    if key is GroupKey.OCCUPATION:
        return {**labels(CODE_LISTS[key]), OTHER: "Ander beroep"}
    return labels(CODE_LISTS[key]) if key in CODE_LISTS else {}


def domain_of(reading: Reading, key: GroupKey) -> Collection[str]:
    """The values that somebody who knows these organisations expects."""
    if key is GroupKey.SOURCE_KIND:
        return {str(each.kind) for each in reading.organisations}
    if key in ORGANISATIONS:
        return {str(each.id) for each in reading.organisations}
    if key in PLACES:
        codes = {each.municipality_code for each in reading.organisations if each.municipality_code}
        return codes if key is GroupKey.MUNICIPALITY else {region_of(code) for code in codes}
    return set(codes_of(key))
