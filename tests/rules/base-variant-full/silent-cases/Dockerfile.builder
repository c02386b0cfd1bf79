FROM python:3.13-trixie AS build
RUN python -m venv /opt/venv
FROM python:3.13-slim-trixie
COPY --from=build /opt/venv /opt/venv
USER 65534:65534
CMD ["python", "-m", "app"]
