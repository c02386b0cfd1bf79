from berths import create_app
from berths.store import Berth


def client():
    return create_app([Berth("east-1", 80, None)]).test_client()


def test_lists_every_berth():
    assert client().get("/berths").json == [{"name": "east-1", "length": 80, "ship": None}]


def test_unknown_berth_is_not_found():
    assert client().get("/berths/west-9").status_code == 404


def test_quay_without_gauge_is_not_found(tmp_path, monkeypatch):
    file = tmp_path / "tides.toml"
    file.write_text('service = "http://localhost"\ntimeout = 1\n\n[gauges]\n')
    monkeypatch.setattr("berths.tides.SETTINGS", str(file))
    assert client().get("/quays/west/level").status_code == 404
