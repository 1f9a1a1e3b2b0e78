"""What one writes first: FastAPI, an ORM session, an entry and an outbox row, and none of our guards.

`_plain_endpoint.py DATABASE_URL PORT`
"""

import sys
import uuid
from datetime import date, datetime

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy import func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

url, port = sys.argv[1:]
engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://", 1), pool_size=10)
sessions = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI()


class Base(DeclarativeBase):
    pass


class Entry(Base):
    __tablename__ = "plain_entry"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    enrollment_id: Mapped[uuid.UUID]
    work_date: Mapped[date]
    minutes: Mapped[int]
    category: Mapped[str]
    source: Mapped[str]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Outbox(Base):
    __tablename__ = "plain_outbox"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    topic: Mapped[str]
    key: Mapped[str]
    value: Mapped[dict] = mapped_column(JSONB)


class HoursIn(BaseModel):
    enrollment_id: uuid.UUID
    work_date: date
    minutes: int
    category: str
    source: str


class HoursOut(HoursIn):
    log_id: uuid.UUID


@app.post("/v1/hours", status_code=201)
async def submit(body: HoursIn) -> HoursOut:
    async with sessions() as session, session.begin():
        entry = Entry(**body.model_dump())
        session.add(entry)
        await session.flush()
        answer = HoursOut(log_id=entry.id, **body.model_dump())
        session.add(Outbox(topic="hours.logged", key=str(body.enrollment_id), value=answer.model_dump(mode="json")))
    return answer


@app.on_event("startup")
async def make_tables() -> None:
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)


uvicorn.run(app, port=int(port), log_level="warning", loop="uvloop", http="httptools")
