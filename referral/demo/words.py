"""What people in the demo say and write, in plain Dutch; never a diagnosis, and nobody's real words."""

WISHES = {
    "reading": (
        "Brieven van de gemeente zelf kunnen lezen.",
        "Mijn dochter voorlezen voor het slapengaan.",
        "Zelf een sollicitatiebrief schrijven.",
        "De veiligheidsregels op mijn werk begrijpen.",
        "Een bericht schrijven aan de juf van mijn zoon.",
        "Mijn theorie-examen halen.",
    ),
    "numeracy": (
        "Zelf mijn geld bijhouden.",
        "Op mijn werk goed kunnen meten en afwegen.",
        "Mijn kinderen helpen met rekenen.",
        "Weten of mijn loonstrook klopt.",
    ),
    "digital": (
        "Zelf inloggen met DigiD.",
        "Mailen en een bijlage meesturen.",
        "Online solliciteren zonder hulp.",
        "Bankzaken op mijn telefoon doen.",
        "Videobellen met mijn zus.",
        "Het rooster in de app van mijn werk lezen.",
    ),
}
BARRIERS = ("childcare", "travel_costs", "time", "schedule", "device", "internet", "money", "confidence")
PURPOSES = (
    "Een passend aanbod zoeken om beter te leren lezen, rekenen of werken met de computer.",
    "Begeleiding naar een cursus die past bij werk en thuis.",
    "Samen met de aanbieder een goede start maken.",
)
QUESTIONS = (
    ("q_level", "Welk niveau kwam er ongeveer uit de screening?"),
    ("q_availability", "Op welke dagdelen kan de deelnemer komen?"),
    ("q_contact", "Wanneer kunnen we het beste bellen?"),
    ("q_motivation", "Wat wil de deelnemer het liefst eerst leren?"),
)
ANSWERS = (
    "Daar hebben we het over gehad. Dinsdag en donderdag overdag lukt.",
    "De deelnemer wil het liefst met kleine stappen beginnen.",
    "Bel gerust na vier uur, dan is er tijd om te praten.",
    "Het instapniveau is laag, maar er is veel zin om te leren.",
)
PROGRESS = (
    "De deelnemer komt trouw en oefent thuis ook.",
    "Het gaat langzaam maar zeker. Lezen lukt al beter dan in het begin.",
    "Er is een pauze geweest door drukte thuis. We zijn weer op gang.",
    "Mailen lukt nu zelfstandig. We gaan verder met formulieren.",
)
GOALS = (
    "Een brief van twee bladzijden lezen en vertellen wat erin staat.",
    "Zelf een formulier op internet invullen.",
    "Het weekrooster lezen en uren doorgeven.",
    "Een kort bericht schrijven zonder hulp.",
    "Met een boodschappenlijst binnen een bedrag blijven.",
)
REPORTS = (
    "Het traject is goed verlopen. De deelnemer leest nu zelf de post.",
    "Er is veel geoefend. De computer is nu minder eng.",
    "De deelnemer heeft de lessen afgemaakt en wil graag verder leren.",
)
STOPPED = (
    "Na een paar lessen paste het niet meer. De deelnemer mag later terugkomen.",
    "De deelnemer begint met een baan en heeft nu geen tijd voor de lessen.",
)
FOLLOW_UPS = (
    "Gebeld met de deelnemer. We kijken samen naar een ander traject.",
    "Besproken in de spreekkamer. De deelnemer wil er over een half jaar op terugkomen.",
    "De deelnemer is nu in contact met het Taalhuis.",
)
DECISION = "De aanbieder maakt een extra plaats vrij. De gemeente regelt het vervoer."
ESCALATION = "Er is al weken geen plaats. Kan de regio meekijken?"
AREAS = ("language_in_daily_life", "digital", "self_reliance", "social_network", "labour_market_position")
