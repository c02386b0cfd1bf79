FROM node:24-bookworm AS build
RUN npm ci && npm run build

FROM scratch
COPY --from=build /dist /dist
