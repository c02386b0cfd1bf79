FROM alpine:3.24 AS b
FROM alpine:3.24 AS b
FROM alpine:3.24 AS B
FROM alpine:3.24 AS b1
FROM --platform=$BUILDPLATFORM alpine:3.24
FROM --platform=$BUILDPLATFORM alpine:3.24
# expect: DuplicateStageName 2
# expect: DuplicateStageName 3
# expect: StageNameCasing 3
