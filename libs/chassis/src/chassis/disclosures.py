"""The disclosure log: which partner was shown whose education records, one row a request, in the reading's own transaction.

FERPA has it kept and shown to the student (34 CFR 99.32; SPEC 3.10). What a student reads of themselves, and what administrators
read for the institution, is no disclosure.
"""

import re
from collections.abc import Iterable
from uuid import UUID

from chassis.database import Transaction

STUDENT = re.compile(rb'"student_id":"([0-9a-f-]{36})"')
"""A field of an answer. Inside of a text that somebody wrote its quotes stand escaped, so nobody can write one in."""


def disclose(tx: Transaction, student_ids: Iterable[UUID]) -> None:
    """Notes that the one who acts is shown education records of these students; nothing for others than partners, nor of oneself.

    An answer that names its students as `student_id` is noted by itself (`chassis.http.Route`); call it for all others: pages, photos,
    and answers about an enrollment.
    """
    if tx.principal.kind == "partner":
        tx.disclosed.update(student_id for student_id in student_ids if student_id != tx.principal.id)


def disclose_answer(tx: Transaction, body: bytes) -> None:
    """Notes the students whom a JSON answer names."""
    if tx.principal.kind == "partner":
        disclose(tx, {UUID(found.decode()) for found in STUDENT.findall(body)})
