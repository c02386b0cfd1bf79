FROM python:3.13-trixie AS build
RUN python -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir flask==3.1.0

FROM python:3.13-slim-bookworm
COPY --from=build /opt/venv /opt/venv
