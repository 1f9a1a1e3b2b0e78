"""A connection to Kafka that was reset a moment ago, under uvloop (aiokafka issue 1038).

uvloop raises RuntimeError to whoever writes to a closed transport, where asyncio keeps silent. aiokafka expects OSError alone there, so
in the moment between the reset and its own notice of it the error ends whichever of its tasks writes: one that looks for the brokers,
one that fetches, one that keeps the group. Producers and consumers then wait for ever. Here it becomes an error that aiokafka expects.
"""

from functools import wraps
from typing import Any

from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaConnectionError


def expect_closed_connections() -> None:
    """From now on every client of Kafka in this process takes a closed connection for what it is. A second call changes nothing."""
    send = AIOKafkaConnection.send
    if hasattr(send, "__wrapped__"):
        return

    @wraps(send)
    def sent(self: AIOKafkaConnection, request: Any, expect_response: bool = True) -> Any:
        try:
            return send(self, request, expect_response)
        except RuntimeError as error:
            self.close(reason=CloseReason.CONNECTION_BROKEN)
            raise KafkaConnectionError(f"Connection at {self.host}:{self.port} broken: {error}") from error

    AIOKafkaConnection.send = sent
