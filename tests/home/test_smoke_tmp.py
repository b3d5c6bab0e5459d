import re, sys, pytest
from tests.pages import Person, counting
from tests.world import World


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_smoke(world: World) -> None:
    case = world.bring_to("accepted")
    pid = case["participantId"]
    world.refer("employer", legalBasis="contract")
    r = world.call("privacy", "POST", f"/v1/participants/{pid}/erasure-requests", {}).json
    a = (
        world.call("privacy", "POST", f"/v1/participants/{pid}/access-requests", {})
        .headers["Location"]
        .rpartition("/")[2]
    )
    paths = {
        "referrer": [
            "/trajectories",
            "/trajectories?skill=reading&level=1F&languageBackground=nt1&municipalityCode=GM0392&template=A&active=",
            f"/trajectories/{world.trajectory_id}",
        ],
        "coach": [
            "/trajectories?mine=true",
            "/trajectories/new",
            f"/trajectories/{world.trajectory_id}",
            f"/trajectories/{world.trajectory_id}/edit",
        ],
        "employer": ["/", "/referrals"],
        "coordinator": [f"/referrals/{case['id']}", f"/referrals/{case['id']}/access-log", "/access-log"],
        "privacy": [
            "/",
            "/privacy-requests",
            f"/privacy-requests/{r['id']}",
            f"/privacy-requests/{a}",
            f"/privacy-requests/{a}/answer",
            f"/privacy-requests/{a}/answer.json",
            "/privacy-requests/new",
            f"/privacy-requests/people/{pid}",
            f"/privacy-requests/people/{pid}/restriction",
            f"/privacy-requests/people/{pid}/access-log",
            f"/referrals/{case['id']}/access-log",
            "/access-log",
            f"/access-log?reference={case['reference']}",
            "/access-log?reference=V-1",
            "/audit-log",
            "/audit-log?action=referral:accept",
            "/audit-log?since=3-11-2026&until=3-11-2026",
            "/audit-log?since=bla",
            "/breach",
            f"/breach?userId={world.users['referrer']}",
            "/breach?keyId=x",
            f"/breach/people.json?userId={world.users['referrer']}",
        ],
        "admin": [
            "/",
            "/administration",
            "/administration/organisations",
            "/administration/tokens",
            "/administration/tokens/new",
            "/administration/lists",
            "/administration/lists/reason",
            "/administration/terms",
            f"/administration/people/{world.users['referrer']}",
        ],
    }
    for who, ps in paths.items():
        p = Person(world, who)
        for path in ps:
            with counting(world) as asked:
                page = p.open(path)
            sys.stdout.write(f"{who} {path} {page.status_code} {len(asked)}\n")
            if page.status_code >= 400:
                sys.stdout.write(re.sub(r"<[^>]+>", "", page.text.partition("<main")[2])[:300] + "\n")
