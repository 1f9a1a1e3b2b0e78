"""Students learn by name who was shown their records (34 CFR 99.32; SPEC 3.10)."""

from chassis.migrate import execute

revision, down_revision = "0004", "0003"


def upgrade() -> None:
    """Adds a function, since of people at large a student may learn nothing: it names those to whom they are or were assigned."""
    execute(
        [
            "create index access_grant_subject on access_grant (subject_id, viewer_id)",
            """create function partners_of_mine() returns table (user_id uuid, name text)
               language sql stable security definer set search_path = public begin atomic
                 select p.user_id, p.name from person p
                  where p.user_id in (select g.viewer_id from access_grant g where g.subject_id = acting_user());
               end""",
            "revoke execute on function partners_of_mine from public",
            "grant execute on function partners_of_mine to portal_student, portal_partner, portal_admin",
        ]
    )
