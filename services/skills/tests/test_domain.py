"""The decisions, by property (SPEC 3.5, 3.6)."""

from decimal import Decimal
from fractions import Fraction
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from skills import domain
from skills.domain import Skill

SEED = [Skill("haircut", "Haircut", 200), Skill("fade", "Fade", 100), Skill("shave", "Shave", 50), Skill("beard_trim", "Beard Trim", None)]
counts = st.dictionaries(st.sampled_from([each.code for each in SEED]), st.integers(0, 400))


def test_the_check_of_the_specification():
    found = domain.competence(SEED, {"haircut": 45, "fade": 23, "shave": 8, "beard_trim": 12})
    assert [each.percent for each in found] == [Decimal("22.5"), Decimal(23), Decimal(16), None]
    assert round(domain.practical_percent(found)) == 22


@given(counts)
def test_practical_percent_counts_no_skill_beyond_its_quota(approved):
    percent = domain.practical_percent(domain.competence(SEED, approved))
    exact = Fraction(100 * sum(min(approved.get(each.code, 0), each.quota) for each in SEED if each.quota), 350)
    assert abs(Fraction(percent) - exact) < Fraction(1, 10**20)
    assert 0 <= percent <= 100
    assert (percent == 100) == all(approved.get(each.code, 0) >= each.quota for each in SEED if each.quota)


@given(counts, st.sampled_from(["haircut", "fade", "shave"]))
def test_one_more_approved_never_lowers_the_percent(approved, code):
    before = domain.practical_percent(domain.competence(SEED, approved))
    after = domain.practical_percent(domain.competence(SEED, approved | {code: approved.get(code, 0) + 1}))
    assert after >= before


def test_without_quotas_there_is_no_percent():
    assert domain.practical_percent(domain.competence([SEED[3]], {"beard_trim": 5})) is None


@pytest.mark.parametrize(
    "name", ["Jordan Ellis", "mr. Marcus Reed", "Ellis, Jordan", "Zoë Ångström", "Jean-Luc", "Алла Петрова", "C-1 Ann Lee"]
)
def test_full_names_are_refused(name):
    with pytest.raises(domain.ClientIdentifierIsName):
        domain.require_pseudonym(name)


@pytest.mark.parametrize("name", ["C-104", "walk-in 3", "Client 12", "regular", "chair 2, Tuesday", "Client B", "VIP 7"])
def test_pseudonyms_are_taken(name):
    domain.require_pseudonym(name)


@pytest.mark.parametrize(
    ("status", "refusal"),
    [("draft", domain.NotSubmitted), ("approved", domain.AlreadyDecided), ("rejected", domain.AlreadyDecided), ("pending", None)],
)
def test_only_what_is_pending_is_decided(status, refusal):
    if refusal is None:
        return domain.require_decidable(status, uuid4(), uuid4())
    with pytest.raises(refusal):
        domain.require_decidable(status, uuid4(), uuid4())


@pytest.mark.parametrize("status", ["draft", "pending", "approved", "rejected"])
def test_nobody_decides_on_their_own(status):
    me = uuid4()
    with pytest.raises(domain.OwnEntry):
        domain.require_decidable(status, me, me)
