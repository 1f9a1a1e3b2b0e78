"""What identity holds of a person, for the export of their data. No secret, and no hash of one, is in it."""

from chassis.records import Holdings, Owned

MINE = "user_id = :id"
HOLDINGS = Holdings(
    tables={
        "user_account": Owned(MINE),
        "user_role": Owned(MINE),
        "consent": Owned(MINE),
        "session": Owned(MINE),
        "sign_in_place": Owned(MINE),
        "credential": Owned(MINE, "changed_at"),
        "mailed_token": Owned(MINE, "purpose, issued_at, expires_at, used_at"),
        "totp": Owned(MINE, "begun_at, confirmed_at"),
        "recovery_code": Owned(MINE, "made_at, used_at"),
        "passkey": Owned(MINE, "name, made_at, used_at"),
        "sign_in_challenge": Owned(MINE, "begun_at, expires_at, used_at, failures"),
        "export": Owned(MINE, "export_id, requested_by, requested_at"),
        "client": Owned("created_by = :id"),
    },
    kept_back={
        "refresh_token": "hashes of tokens; `session` says when each session was used last",
        "password_reset_request": "addresses for which a reset was asked a moment ago, whosever they are",
        "attempt": "hashed names with a count; nobody can say whose",
        "passkey_challenge": "random numbers, good for five minutes",
        "signing_key": "the service's own keys",
        "client_secret": "hashes of secrets of programs",
        "partner_standing": "which version of the partner the role follows; onboarding shows the partner",
        "export_part": "how far an export has come, which its own page says",
        "export_file": "the export itself",
    },
)
