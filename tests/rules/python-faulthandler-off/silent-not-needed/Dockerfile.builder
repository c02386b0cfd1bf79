FROM python:3.13-slim-trixie AS build
CMD ["python", "app.py"]
FROM nginx:1.30
COPY --from=build /out /usr/share/nginx/html
