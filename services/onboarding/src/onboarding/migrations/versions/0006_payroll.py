"""Payroll profiles. Tax and bank numbers are sealed, and read by the payroll admin's role alone (SPEC 3.7, 3.10)."""

from chassis import schema
from chassis.migrate import execute

revision, down_revision = "0006", "0005"

SEALED = "sealed_routing_number, sealed_account_number, sealed_tax_id"
SHOWN = """user_id, payment_type, routing_last_four, account_last_four, tax_last_four, state, reason, revision,
 submitted_at, decided_at, decided_by"""
ENTERED = f"payment_type, {SEALED}, routing_last_four, account_last_four, tax_last_four"
DECISION = "state, reason, revision, decided_at, decided_by"
PAYROLL_ADMIN = schema.role("onboarding", "payroll_admin")
OWNERS = ("student", "partner", "admin")
FOUR = "~ '^[0-9]{4}$'"

TABLE = f"""create table payroll_profile (
  user_id uuid primary key references partner,
  payment_type text not null check (payment_type = 'ach'),
  sealed_routing_number text not null,
  sealed_account_number text not null,
  sealed_tax_id text not null,
  routing_last_four text not null check (routing_last_four {FOUR}),
  account_last_four text not null check (account_last_four {FOUR}),
  tax_last_four text not null check (tax_last_four {FOUR}),
  state text not null default 'pending' check (state in ('pending', 'active', 'rejected')),
  reason text,
  revision int not null default 1,
  submitted_at timestamptz not null,
  decided_at timestamptz,
  decided_by uuid,
  check (decided_by <> user_id),
  check ((state = 'pending') = (decided_at is null) and (decided_at is null) = (decided_by is null)),
  check ((state = 'rejected') = (reason is not null))
)"""

SELF = "user_id = acting_user()"
UNDECIDED = f"{SELF} and state = 'pending'"
ANOTHERS = "user_id <> acting_user()"
DECIDED = f"{ANOTHERS} and state in ('active', 'rejected') and decided_by = acting_user()"

# What the student's role may write the payroll admin's may (`schema.EXTENDS`), in the rows that it decides on as well: not the numbers.
KEPT = [
    """create function refuse_payroll_numbers() returns trigger language plpgsql as $$
    begin
      raise insufficient_privilege using message = 'only their owner enters tax and bank numbers';
    end $$""",
    f"""create trigger refuse_payroll_numbers before update of {ENTERED} on payroll_profile for each row
      when (current_user = '{PAYROLL_ADMIN}' and new.user_id is distinct from acting_user()) execute function refuse_payroll_numbers()""",
]
# Whom the numbers belong to.
NAMES = "user_id in (select p.user_id from payroll_profile p)"


def _owners(kind: str) -> list[str]:
    to = schema.role("onboarding", kind)
    which = "true" if kind == "admin" else SELF
    return [
        f"grant select ({SHOWN}), insert (user_id, {ENTERED}, submitted_at) on payroll_profile to {to}",
        f"grant update ({ENTERED}, {DECISION}, submitted_at) on payroll_profile to {to}",
        f"create policy payroll_profile_{kind}_select on payroll_profile for select to {to} using ({which})",
        f"create policy payroll_profile_{kind}_insert on payroll_profile for insert to {to} with check ({UNDECIDED} and revision = 1)",
        f"create policy payroll_profile_{kind}_update on payroll_profile for update to {to} using ({SELF}) with check ({UNDECIDED})",
    ]


def _payroll() -> list[str]:
    policy = f"on payroll_profile for {{}} to {PAYROLL_ADMIN} using"
    return [
        f"grant select, update ({DECISION}) on payroll_profile to {PAYROLL_ADMIN}",
        f"create policy payroll_profile_payroll_admin_select {policy.format('select')} (true)",
        f"create policy payroll_profile_payroll_admin_update {policy.format('update')} ({ANOTHERS}) with check ({DECIDED})",
        f"create policy person_payroll_admin_select on person for select to {PAYROLL_ADMIN} using ({NAMES})",
    ]


def upgrade() -> None:
    execute([TABLE, *KEPT, "alter table payroll_profile enable row level security", "alter table payroll_profile force row level security"])
    for kind in OWNERS:
        execute(_owners(kind))
    execute(_payroll())
