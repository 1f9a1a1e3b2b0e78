"""Pure decisions."""

from datetime import timedelta
from email import message_from_bytes, policy
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from messaging import domain
from messaging.rendering import UnknownKindError, render
from people import NOW


@given(st.text(), st.text(alphabet=st.characters(blacklist_categories=("Cs",))))
def test_no_text_can_add_a_header(name, subject):
    made = domain.mail(
        message_id=uuid4(), sender="Chairside <no-reply@chairside.example>", name=name.encode("utf-8", "replace").decode(),
        address="a@b.example",
        subject=subject, text="hello", html="<p>hello</p>", at=NOW,
    )  # fmt: skip
    read = message_from_bytes(made.as_bytes(), policy=policy.default)
    assert set(read.keys()) == set(made.keys())
    assert read["To"].addresses[0].addr_spec == "a@b.example"


def test_a_failed_mail_is_tried_again_later_and_later_and_then_not_any_more():
    pauses = [domain.next_attempt(n, NOW) - NOW for n in range(1, domain.ATTEMPTS)]
    assert pauses == sorted(pauses)
    assert max(pauses) <= timedelta(minutes=5)
    assert domain.next_attempt(domain.ATTEMPTS, NOW) is None


def test_the_same_cause_is_the_same_message():
    who = uuid4()
    assert domain.caused("welcome", 1, who).message_id == domain.caused("welcome", 1, who).message_id
    assert domain.caused("welcome", 1, who).message_id != domain.caused("welcome", 2, who).message_id
    assert domain.caused("welcome", 1, who).message_id != domain.caused("signed-copy", 1, who).message_id


def test_names_are_escaped_in_html_and_not_in_text():
    data = {"name": "<b>Eve</b> & Co", "role": "program holder", "portal": "http://x"}
    said = render("partner-approved", data)
    assert "<b>Eve" in said.text
    assert "&lt;b&gt;Eve&lt;/b&gt; &amp; Co" in said.html
    assert "<p>Hello" in said.html


@pytest.mark.parametrize("kind", ["nothing", "../settings", "frame", ""])
def test_only_kinds_with_a_template_are_rendered(kind):
    with pytest.raises(UnknownKindError):
        render(kind, {})
