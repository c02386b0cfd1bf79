FROM python:3.13-slim-trixie AS docs
RUN uv sync --frozen && pip install --no-compile sphinx
FROM nginx:1.30
