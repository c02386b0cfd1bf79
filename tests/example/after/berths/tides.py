"""Asks the tide service how high the water stands at a quay."""

import json
import os
import sys
import urllib.parse
import urllib.request

import tomli

SETTINGS = os.environ.get("TIDES_SETTINGS", "/etc/berths/tides.toml")


def settings():
    """The tide service and its gauges."""
    with open(SETTINGS, "rb") as file:
        return tomli.load(file)


def request(path):
    """One answer of the tide service."""
    config = settings()
    headers = {"Authorization": "Bearer " + os.environ["TIDES_API_TOKEN"]}
    call = urllib.request.Request(config["service"] + path, headers=headers)
    with urllib.request.urlopen(call, timeout=config["timeout"]) as answer:
        return json.load(answer)


def level(quay):
    """Water level at `quay` in centimetres, or None where it has no gauge."""
    gauge = settings()["gauges"].get(quay)
    if gauge is None:
        return None
    return request("/levels/" + urllib.parse.quote(gauge))["centimetres"]


if __name__ == "__main__" and sys.argv[1:] == ["--check"]:
    request("/account")
