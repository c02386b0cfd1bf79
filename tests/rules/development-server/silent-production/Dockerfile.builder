FROM python:3.13-slim-trixie AS docs
WORKDIR /app
COPY . .
CMD ["flask", "run"]
FROM python:3.13-slim-trixie
CMD ["python", "-m", "app"]
