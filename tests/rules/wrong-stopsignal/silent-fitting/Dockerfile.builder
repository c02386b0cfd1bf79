FROM debian:trixie-slim AS x
STOPSIGNAL SIGKILL
FROM debian:trixie-slim
CMD ["server", "-f"]
