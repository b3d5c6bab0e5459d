import re, sys, pytest
from tests.pages import Person, counting
from tests.world import World

@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_smoke(world: World) -> None:
    case = world.bring_to("accepted")
    pid = case["participantId"]
    p = Person(world, "privacy")
    for path in (f"/referrals/{case['id']}/access-log", "/audit-log", f"/breach?userId={world.users['referrer']}"):
            with counting(world) as asked:
                page = p.open(path)
            sys.stdout.write(f"{path} {page.status_code} {len(asked)}\n")
            for a in asked: sys.stdout.write("   "+re.sub(r"\s+"," ",a)[:60]+" ... "+re.sub(r"\s+"," ",a)[-150:]+"\n")
