FROM debian:trixie-slim AS build
RUN echo 'app:Tr0ub4dor' | chpasswd
FROM scratch
COPY --from=build /a /a
USER 1
