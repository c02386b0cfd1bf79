FROM python:3.13-slim-trixie AS build
RUN pip install --no-cache-dir --prefix=/out gunicorn
FROM python:3.13-slim-trixie
COPY --from=build /out /usr/local
CMD ["gunicorn", "app:app"]
