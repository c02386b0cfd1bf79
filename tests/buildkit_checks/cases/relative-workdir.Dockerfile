FROM alpine:3.24 AS a
WORKDIR app/
WORKDIR below
FROM alpine:3.24 AS b
WORKDIR /app
WORKDIR below
FROM b AS c
WORKDIR subdir/
FROM alpine:3.24 AS d
WORKDIR \
  app
# expect: WorkdirRelativePath 2
# expect: WorkdirRelativePath 10
