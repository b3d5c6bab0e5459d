"""Taking a role away: the page says first what will happen, and the cases of that role, and only those, go back."""

import pytest

from referral.core.policy import Role, system_actor
from referral.identity.usecases import AddMembership, add_membership, holds_role
from tests.pages import MOST_QUERIES, Person, counting
from tests.referrals.doors import history, leave, refused, show
from tests.world import World, give_role

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def roles(world: World, who: str) -> list[str]:
    return list(world.call(who, "GET", "/v1/me").json["roles"])


def test_taking_a_role_says_first_what_will_happen_and_then_does_it(world: World) -> None:
    give_role(world, "second_referrer", Role.COORDINATOR)
    cases = [world.refer("second_referrer") for _ in range(3)]
    colleague, admin = Person(world, "second_referrer"), Person(world, "admin")
    assert colleague.open("/referrals/new").status_code == 200
    path = f"/administration/people/{world.users['second_referrer']}"
    with counting(world) as asked:
        page = admin.open(path).text
    assert len(asked) <= MOST_QUERIES, asked
    section = page.partition("Een rol wegnemen")[2].partition("Account sluiten")[0]
    coordinator, _, referrer = section.partition(">Verwijzer<")
    assert "Er staan geen zaken op naam van Medewerker second_referrer." in coordinator
    assert "Niemand anders" not in section, "there are another coordinator and another referrer"
    assert "3 zaken gaan terug naar de wachtrij van het team." in referrer
    assert "Medewerker second_referrer houdt deze rollen: Coördinator." in referrer
    answer = admin.submit(path, f"{path}/roles/referrer/remove")
    assert "De rol is weggenomen." in admin.open(answer.headers["Location"]).text
    after = [world.call("referrer", "GET", f"/v1/referrals/{case['id']}").json["referrerId"] for case in cases]
    assert after == [None] * 3
    assert roles(world, "second_referrer") == ["coordinator"], "a token that was given out before"
    assert world.call("second_referrer", "POST", "/v1/referrals", world.referral_body()).status_code == 403
    assert colleague.open("/referrals/new").status_code == 403, "a session that was open before"
    assert colleague.open("/").status_code == 200


def test_the_cases_of_a_coach_go_back_and_what_the_same_person_refers_stays(world: World) -> None:
    """Wrong build: whoever loses one role loses the cases of every role."""
    give_role(world, "coach", Role.REFERRER)
    coached, referred = world.bring_to("accepted"), world.refer("coach", legalBasis="consent")
    path = f"/v1/users/{world.users['coach']}/roles/coach"
    assert world.call("provider_admin", "DELETE", path).status_code == 204
    shown = show(world, "second_coach", coached)
    assert (shown["status"], shown["coachId"], shown["ballWith"]["userId"]) == ("accepted", None, None)
    assert history(world, coached)[-1]["event"] == "assign"
    assert show(world, "coach", referred)["referrerId"] == str(world.users["coach"])
    assert world.call("provider_admin", "DELETE", path).status_code == 404


@ON_SQLITE
def test_who_works_elsewhere_too_loses_the_last_role_here_and_keeps_the_account(world: World) -> None:
    """The control: without work elsewhere the last role stays, and the account is what is closed."""
    admin, path = Person(world, "admin"), f"/administration/people/{world.users['second_referrer']}"
    assert "Sluit dan het account." in admin.open(path).text
    coach = Person(world, "provider_admin").open(f"/administration/people/{world.users['receiving_coordinator']}").text
    assert "Niemand anders heeft deze rol: coördinator." in coach.partition("Account sluiten")[2]
    with world.service.work() as work:
        command = AddMembership(world.users["second_referrer"], world.organisations["Taalhuis Zilt"], Role.COACH)
        add_membership(command, actor=system_actor("test"), work=work)
    page = admin.open(path).text
    assert "Daarom sluit u dit account niet" in page
    assert "Dit is de laatste rol bij uw organisatie" in page
    answer = admin.submit(path, f"{path}/roles/referrer/remove")
    assert "staat niet meer in uw lijst" in admin.open(answer.headers["Location"]).text
    assert admin.open(path).status_code == 404
    assert world.call("second_referrer", "GET", "/v1/me").status_code == 401, "a token for the work here"
    with world.service.work(read_only=True) as work:
        assert holds_role(
            work.session, world.organisations["Taalhuis Zilt"], Role.COACH, world.users["second_referrer"]
        )


@ON_SQLITE
def test_a_role_with_cases_that_nobody_can_take_over_stays(world: World) -> None:
    who, other, admin = "coach", "second_coach", "provider_admin"
    give_role(world, who, Role.COORDINATOR)
    referral = world.bring_to("accepted")
    person, path = Person(world, admin), f"/administration/people/{world.users[who]}"
    form = person.fill(person.open(path), f"/roles/{who}/remove")
    assert leave(world, admin, other).status_code == 201
    page = person.open(path).text
    assert f"/roles/{who}/remove" not in page
    assert "/roles/coordinator/remove" in page
    answer = person.send(f"{path}/roles/{who}/remove", form)
    assert answer.status_code == 409
    assert "niemand anders kan overnemen" in answer.text
    told = world.call(admin, "DELETE", f"/v1/users/{world.users[who]}/roles/{who}")
    assert refused(told)["reference"] == referral["reference"]
    assert roles(world, who) == sorted([who, "coordinator"])
    assert show(world, who, referral)["status"] == "accepted"


@ON_SQLITE
def test_a_role_that_must_stay_says_why_and_one_that_is_not_there_is_not_found(world: World) -> None:
    admin = Person(world, "admin")
    for who in ("referrer", "admin"):
        page = admin.open(f"/administration/people/{world.users[who]}").text
        assert "laatste rol van deze collega" in page
        assert "/remove" not in page
    give_role(world, "admin", Role.REFERRER)
    page = admin.open(f"/administration/people/{world.users['admin']}").text
    assert "Vraag een andere beheerder." in page
    assert "/roles/admin/remove" not in page
    assert "/roles/referrer/remove" in page
    for user, role in (("coach", "coach"), ("referrer", "system"), ("referrer", "koning"), ("referrer", "coach")):
        assert world.call("admin", "DELETE", f"/v1/users/{world.users[user]}/roles/{role}").status_code == 404
    assert world.call("coordinator", "DELETE", f"/v1/users/{world.users['referrer']}/roles/referrer").status_code == 403
