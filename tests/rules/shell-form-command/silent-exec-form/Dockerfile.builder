FROM debian:trixie-slim AS build
CMD make all
FROM debian:trixie-slim
COPY --from=build /out /out
CMD ["/out/server", "run"]
