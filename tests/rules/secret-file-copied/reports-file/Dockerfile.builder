FROM node:24-trixie-slim AS build
WORKDIR /srv
COPY .npmrc ./
RUN npm ci
FROM node:24-trixie-slim
COPY --from=build /srv/dist /srv
USER node
