"""Reading on past a record whose header names are not UTF-8.

aiokafka decodes header names strictly while it unpacks a fetch: one bad name makes every poll of that partition fail for ever, and
what the same poll had already unpacked of other partitions is lost to the caller. So after such a failure everything goes back to the
committed offsets, and the next records are read once by aiokafka's own slower reader with names decoded by surrogates; the inbox then
sets the bad one aside like any other that it cannot read.
"""

from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import _MemoryRecordsPy

log = structlog.get_logger()
AT_ONCE = 200


class _Piece(bytes):
    def decode(self, *_: Any) -> str:
        return bytes.decode(self, "utf-8", "surrogateescape")


class _Buffer(bytearray):
    def __getitem__(self, place: Any) -> Any:
        found = super().__getitem__(place)
        return _Piece(found) if isinstance(place, slice) else found


class _Batch(_DefaultRecordBatchPy):  # type: ignore[misc]
    _buffer: bytearray

    def _maybe_uncompress(self) -> None:
        super()._maybe_uncompress()
        self._buffer = _Buffer(self._buffer)


class _Records(_MemoryRecordsPy):  # type: ignore[misc]
    def next_batch(self, *_: Any) -> Any:
        piece = self._next_slice
        if piece is None or piece[self.MAGIC_OFFSET] < 2:
            return super().next_batch()
        self._cache_next()
        return _Batch(piece)


def read_on(consumer: AIOKafkaConsumer, bootstrap: str) -> None:
    """Makes `consumer.getmany` get past such records instead of failing on them."""
    strict = consumer.getmany

    async def getmany(*parts: TopicPartition, timeout_ms: int = 0, max_records: int | None = None) -> Any:
        try:
            return await strict(*parts, timeout_ms=timeout_ms, max_records=max_records)
        except UnicodeDecodeError as error:
            log.error("a header name is not UTF-8; reading on leniently", because=str(error))
            return await _from_committed(consumer, bootstrap)

    consumer.getmany = getmany


async def _from_committed(consumer: AIOKafkaConsumer, bootstrap: str) -> dict[TopicPartition, list[Any]]:
    assigned = consumer.assignment()
    reader = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    usual, fetcher.MemoryRecords = fetcher.MemoryRecords, _Records
    found: dict[TopicPartition, list[Any]] = {}
    try:
        await reader.start()
        reader.assign(list(assigned))
        for part in assigned:
            if (offset := await consumer.committed(part)) is not None:
                reader.seek(part, offset)
        found = dict(await reader.getmany(timeout_ms=5000, max_records=AT_ONCE))
        for part in assigned:
            consumer.seek(part, await reader.position(part))
    finally:
        fetcher.MemoryRecords = usual
        await reader.stop()
    return found
