"""What skills gives of a person for their export: services, and where their photos are."""

from chassis.records import EXPORT
from dev.erasing import misnamed
from skills.app import service as this


async def test_every_table_is_given_or_kept_back_with_a_reason(service):
    assert await misnamed(service.sql, this.holdings) == set()


async def test_one_gets_ones_services_and_photos_with_a_token_for_that(service, apprentice, logged, holder):
    entry = await logged(description="a word of mine")
    token = service.client("student", apprentice.student_id, scope=EXPORT)
    answer = await token.get(f"/v1/people/{apprentice.student_id}/records")
    assert answer.status_code == 200, answer.text
    given = answer.json()
    assert [row["description"] for row in given["tables"]["entry"]] == ["a word of mine"]
    ((name, path),) = given["files"].items()
    assert entry["id"] in name
    photo = await token.get(path)
    assert (photo.status_code, photo.headers["content-type"]) == (200, "image/jpeg")
    assert (await holder.get(f"/v1/people/{apprentice.student_id}/records")).status_code == 404
    stranger = service.client("student", scope=EXPORT)
    assert (await stranger.get(path)).status_code == 404
