"""Erasing a person: who may, what goes, and what the law has us keep without a name (SPEC 2, decision 14)."""

from datetime import timedelta
from uuid import UUID

from chassis.errors import Conflict
from chassis.principal import Principal

from identity.domain.people import UserNotFound
from identity.domain.sessions import ACCESS_FOR

BURIED_AFTER = ACCESS_FOR + timedelta(minutes=5)
"""By then the last access token has ended, and nobody writes in the person's name any more."""

ERASED = (
    "name, address, phone and time zone, in every service, the events that told of them, and their dead letters",
    "password, second factors, passkeys, recovery codes, roles, consents, links that came by mail, and known places of signing in",
    "payroll profiles that were never approved, and what was written about the others",
    "mails: their subjects, what filled them, and the mails themselves where we still have them",
    "photos of services, what was written about them and about hours, and the pseudonyms of clients",
    "names, network addresses and programs (user agents) on signatures, sessions, disclosures and in the audit trails",
)
KEPT = {
    "enrollments, assignments, course progress, hours, weeks and alerts": "Records of an apprenticeship are kept for five years "
    "(29 CFR 30.12(d)), and those of a program that WIOA pays for three years after its end (2 CFR 200.334).",
    "services on the chair: kind, date, length, marks and decisions": "They are a part of those records (29 CFR 30.12(d)).",
    "signatures of papers: which paper, when, and the hash of what was signed": "A contract that was signed electronically is kept as "
    "long as the law asks for the contract (15 USC 7001(d)), and payroll records three years (29 CFR 516.5).",
    "payroll profiles that were once approved: sealed tax and bank numbers, and their last four digits": "Payroll records are kept three "
    "years (29 CFR 516.5), and what a tax return of ours was made from four (26 CFR 31.6001-1(e)(2)). Payroll admins alone can read them.",
    "who was shown whose education records, and when": "FERPA has it kept as long as the records themselves (34 CFR 99.32).",
    "audit entries: who did what on what, and when, by id": "They show that the records above were not changed (29 CFR 30.12).",
}
"""What stays under an id that leads to nobody any more, and why."""


class AdministratorsOwnAccount(Conflict):
    """Administrators do not erase themselves, so that one is always left."""

    def __init__(self) -> None:
        super().__init__("You cannot erase your own account while you are an administrator. Ask another administrator.")


class AccountErased(Conflict):
    """Nothing can be changed of an account that was erased."""

    def __init__(self) -> None:
        super().__init__("This account was erased. There is nothing left of it that could be changed.")


def check_eraser(user_id: UUID, who: Principal) -> None:
    """The person themself, or an administrator, and no administrator themself. Raises UserNotFound or AdministratorsOwnAccount."""
    if who.kind != "admin":
        if who.id != user_id:
            raise UserNotFound
    elif who.id == user_id:
        raise AdministratorsOwnAccount
