FROM debian:trixie-slim AS build
RUN sudo make install
FROM scratch
COPY --from=build /a /a
USER 1
