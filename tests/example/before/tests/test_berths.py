from berths import create_app
from berths.store import Berth


def client():
    return create_app([Berth("east-1", 80, None)]).test_client()


def test_lists_every_berth():
    assert client().get("/berths").json == [{"name": "east-1", "length": 80, "ship": None}]


def test_unknown_berth_is_not_found():
    assert client().get("/berths/west-9").status_code == 404
