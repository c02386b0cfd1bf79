FROM alpine:3.24
COPY a \

  /a
COPY a \
  /a
RUN a && \
  # a comment

  b && \

  c
RUN a \
  # a comment
  b
RUN <<EOF
a \

b
EOF
RUN <<EOF \

 cat

 x
EOF
# expect: NoEmptyContinuation 4
# expect: NoEmptyContinuation 12
# expect: NoEmptyContinuation 23
