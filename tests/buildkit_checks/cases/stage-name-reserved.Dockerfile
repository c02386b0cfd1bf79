FROM scratch AS scratch
FROM alpine:3.24 AS Context
FROM alpine:3.24 AS contexts
FROM scratch AS a
FROM scratch
# expect: ReservedStageName 1
# expect: ReservedStageName 2
# expect: StageNameCasing 2
