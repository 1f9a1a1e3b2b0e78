"""What messaging holds of a person, for the export of their data."""

from chassis.records import Holdings, Owned

HOLDINGS = Holdings(
    tables={
        "person": Owned("user_id = :id"),
        "partner": Owned("user_id = :id"),
        # What fills a message may speak of others, or hold a link that is good once.
        "message": Owned("recipient_id = :id", "message_id, kind, channel, subject, status, reason, created_at, sent_at"),
    },
    kept_back={"program": "names of programs"},
)
