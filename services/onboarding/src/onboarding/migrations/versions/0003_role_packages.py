"""The three roles that a partner can apply for, written for barbers (SPEC 3.7). Percentages are whole, flat pay is in cents."""

import json
from typing import Any

from alembic import op
from sqlalchemy import text

revision, down_revision = "0003", "0002"

PACKAGES: list[dict[str, Any]] = [
    {
        "role": "program_holder",
        "position": 1,
        "title": "Program Holder",
        "subtitle": "Run a barber apprenticeship of your own",
        "description": (
            "You answer for a whole program: who is enrolled, what they learn, and whether they are ready for the chair. You follow "
            "your students' theory on Milady, watch their weekly hours, and approve the services they perform."
        ),
        "responsibilities": [
            "Publish the program: theory and practical hours, weekly requirement, courses, and how many cuts, fades and shaves it asks for",
            "Enroll students and see that each has a licensed barber at their side on the chair",
            "Look at every student's weekly hours and answer alerts within two working days",
            "Review logged services with their photos, and approve them or say what is missing",
            "Keep the program's records ready for the state board and for funders",
        ],
        "can_do": [
            "Publish programs and enroll or withdraw students",
            "See theory, hours, services and alerts of the students assigned to you",
            "Approve or reject the services of your students, one by one or all at once",
            "Message your students",
        ],
        "cannot_do": [
            "See students who are not assigned to you",
            "Approve your own application, hours or services",
            "Change hours that come from Milady",
            "Promise a student a license: the state board alone grants it",
        ],
        "requirements": [
            "A barber license in good standing, held for at least three years, or a barber instructor license",
            "A licensed shop, or a written agreement with one, in which your students train",
            "Liability insurance that covers apprentices",
            "The Program Holder Agreement, signed; the handbook, read",
        ],
        "pay_type": "percentage",
        "pay_default": 40,
        "pay_min": 25,
        "pay_max": 60,
        "pay_currency": None,
        "pay_basis": "of the tuition received for the students of your programs",
    },
    {
        "role": "worksite",
        "position": 2,
        "title": "Worksite Only",
        "subtitle": "Train apprentices on the chair in your shop",
        "description": (
            "Your shop gives apprentices a chair, clients and a licensed barber who shows them how it is done. Theory, enrollment and "
            "reporting stay with the program holder."
        ),
        "responsibilities": [
            "Put each apprentice under a licensed barber who is in the shop whenever they work on a client",
            "Submit every apprentice's practical hours by the end of each Sunday",
            "Look at logged services with their photos, and approve them or say what to do better",
            "Keep the shop clean and safe: disinfected tools, fresh linen and neck strips, sharps in their container",
            "Tell the program holder the same day about an accident, a complaint or an absence",
        ],
        "can_do": [
            "Submit practical hours for the apprentices assigned to your shop, singly or in bulk",
            "Approve or reject services that they performed in your shop",
            "See their weekly hours and alerts",
        ],
        "cannot_do": [
            "Enroll or withdraw students, or change a program",
            "Verify hours that your own shop submitted",
            "See students who are not assigned to you",
            "Let an apprentice work on a client alone, or in place of a licensed barber",
        ],
        "requirements": [
            "A shop license in good standing and a clean last inspection",
            "A licensed barber with at least two years on the chair for every two apprentices",
            "Workers' compensation and liability insurance",
            "The Worksite Agreement, signed",
        ],
        "pay_type": "flat",
        "pay_default": 15000,
        "pay_min": 5000,
        "pay_max": 40000,
        "pay_currency": "USD",
        "pay_basis": "a month for each apprentice who trained in your shop in that month",
    },
    {
        "role": "site_coordinator",
        "position": 3,
        "title": "Site Coordinator",
        "subtitle": "Keep many apprentices on course",
        "description": (
            "You look after apprentices at several shops: you check the hours that shops submit, see early who falls behind, and call "
            "before a bad week becomes a lost student. You read education records, so you follow the federal privacy law (FERPA)."
        ),
        "responsibilities": [
            "Check submitted hours against sign-in sheets, and verify or reject them every week",
            "Call each student with an open alert within two working days, and note what was agreed",
            "Visit every shop at least once a quarter",
            "Tell the program holder who needs help, leave or another shop",
            "Keep education records confidential and share them only with those who may have them",
        ],
        "can_do": [
            "See hours, progress and alerts of the students assigned to you, at every site",
            "Submit hours as coordinator, and verify or reject those of others",
            "Message your students, also many at once",
        ],
        "cannot_do": [
            "Verify hours that you submitted yourself",
            "Approve services on the chair",
            "Enroll or withdraw students, or change a program",
            "Take student records out of the system, on paper or on a device of your own",
        ],
        "requirements": [
            "Two years in a barbershop, a barber school or workforce services",
            "FERPA training within the last twelve months",
            "A background check that was passed",
            "The Site Coordinator Agreement, signed",
        ],
        "pay_type": "flat",
        "pay_default": 4000,
        "pay_min": 2000,
        "pay_max": 9000,
        "pay_currency": "USD",
        "pay_basis": "a month for each student whom you looked after in that month",
    },
]

LISTS = ("responsibilities", "can_do", "cannot_do", "requirements")


def upgrade() -> None:
    for package in PACKAGES:
        columns = ", ".join(package)
        values = ", ".join(f"cast(:{name} as jsonb)" if name in LISTS else f":{name}" for name in package)
        row = {name: json.dumps(value) if name in LISTS else value for name, value in package.items()}
        op.get_bind().execute(text(f"insert into role_package ({columns}) values ({values})"), row)
