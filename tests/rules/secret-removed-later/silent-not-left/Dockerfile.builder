FROM node:24-trixie-slim AS build
WORKDIR /srv
COPY .netrc /root/.netrc
RUN npm ci
RUN rm /root/.netrc
FROM node:24-trixie-slim
COPY --from=build /srv /srv
USER node
