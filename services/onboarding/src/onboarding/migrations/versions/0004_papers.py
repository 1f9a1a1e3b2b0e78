"""The first version of each document. A published version never changes: a new text is a new version, in a migration of its own."""

from importlib.resources import files
from uuid import UUID

from alembic import op
from sqlalchemy import text

revision, down_revision = "0004", "0003"

# (id, role, place in the packet, title, whether it is signed, file)
DOCUMENTS = [
    ("01a19ab0-0000-7000-8000-000000000001", "program_holder", 1, "Program Holder Agreement", True, "program-holder-agreement.v1.md"),
    ("01a19ab0-0000-7000-8000-000000000002", "program_holder", 2, "Program Holder Handbook", False, "program-holder-handbook.v1.md"),
    ("01a19ab0-0000-7000-8000-000000000003", "worksite", 1, "Worksite Agreement", True, "worksite-agreement.v1.md"),
    ("01a19ab0-0000-7000-8000-000000000004", "site_coordinator", 1, "Site Coordinator Agreement", True, "site-coordinator-agreement.v1.md"),
]


def upgrade() -> None:
    folder = files("onboarding") / "papers"
    for document_id, role, position, title, signed, file in DOCUMENTS:
        about = {"id": UUID(document_id), "role": role, "position": position, "title": title, "signed": signed}
        content = (folder / file).read_text(encoding="utf-8")
        op.get_bind().execute(text("insert into document values (:id, :role, :position, :title, :signed)"), about)
        op.get_bind().execute(
            text("insert into document_version (document_id, version, content) values (:id, 1, :content)"),
            {"id": about["id"], "content": content},
        )
