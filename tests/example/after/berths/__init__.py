"""The web application: berths of the harbour as JSON."""

from flask import Flask, abort, jsonify

from . import store, tides


def create_app(berths=None):
    """Build the application; `berths` replaces the database in tests."""
    app = Flask(__name__)

    def current():
        return store.load() if berths is None else berths

    @app.get("/berths")
    def list_berths():
        return jsonify([vars(berth) for berth in current()])

    @app.get("/berths/<name>")
    def one_berth(name):
        for berth in current():
            if berth.name == name:
                return jsonify(vars(berth))
        abort(404)

    @app.get("/quays/<quay>/level")
    def water_level(quay):
        level = tides.level(quay)
        if level is None:
            abort(404)
        return jsonify({"quay": quay, "centimetres": level})

    @app.get("/healthz")
    def healthz():
        return "", 204

    return app
