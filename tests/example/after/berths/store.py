"""Reads the berths from PostgreSQL, or from a sample where no database is set."""

import os
from dataclasses import dataclass
from typing import Optional


@dataclass
class Berth:
    """A place at the quay."""

    name: str
    length: int
    ship: Optional[str]


SAMPLE = [
    Berth("north-1", 120, "Meerkatze"),
    Berth("north-2", 90, None),
    Berth("south-1", 240, "Brisgavia"),
]


def load():
    """All berths in the order of their names."""
    url = os.environ.get("DATABASE_URL")
    if not url:
        return SAMPLE

    import psycopg

    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT name, length, ship FROM berth ORDER BY name")
        return [Berth(*row) for row in rows]
