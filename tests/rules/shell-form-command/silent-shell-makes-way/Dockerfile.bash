FROM debian:trixie-slim
CMD ["bash", "-c", "cd /srv && ./server"]
