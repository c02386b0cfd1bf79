FROM node:24-trixie-slim AS a
WORKDIR /app
COPY . .
RUN npm ci
EXPOSE 3000
CMD ["node", "server.js"]
FROM python:3.13-slim-trixie
CMD ["python", "-m", "app"]
