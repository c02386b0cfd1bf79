FROM node:24-trixie-slim AS build
WORKDIR /app
COPY . .
RUN npm ci
FROM node:24-trixie-slim
COPY --from=build /app/dist /app
CMD ["node", "/app/server.js"]
