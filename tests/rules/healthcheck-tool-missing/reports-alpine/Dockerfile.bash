FROM alpine:3.23
COPY app.py /
HEALTHCHECK CMD ["bash", "-c", "true"]
CMD ["server", "-f"]
