FROM python:3.13-slim-trixie AS build
COPY run.sh /run.sh
CMD ["/run.sh"]
FROM nginx:1.30
