FROM python:3.13-slim-trixie AS a
WORKDIR /app
COPY app.py ./
HEALTHCHECK CMD curl -f http://localhost:8000/ || exit 1
FROM python:3.13-slim-trixie
CMD ["python", "app.py"]
