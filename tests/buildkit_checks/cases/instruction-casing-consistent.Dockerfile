from alpine:3.24 as base
run <<EOF
FROM here
RUN there
EOF
healthcheck cmd ["true"]
