FROM python:3.13-slim AS build
RUN python -m venv /venv
FROM python:3.13-slim
COPY --from=build /venv /venv
USER 1
