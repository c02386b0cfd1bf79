FROM alpine:3.24
EXPOSE 80/TCP
EXPOSE 80/tcp 80/udp 80
EXPOSE 80/Tcp 53/UDP
ARG PORT=8080
EXPOSE $PORT/TCP
ENV PROTO=SCTP
EXPOSE 9/$PROTO
EXPOSE \
  10 \
  11/TCP
# expect: ExposeProtoCasing 2
# expect: ExposeProtoCasing 4
# expect: ExposeProtoCasing 4
# expect: ExposeProtoCasing 6
# expect: ExposeProtoCasing 8
# expect: ExposeProtoCasing 9
