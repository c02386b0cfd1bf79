FROM alpine:3.24 AS BadName
FROM alpine:3.24 AS good_name
FROM alpine:3.24 AS v1.2-x
FROM alpine:3.24 AS endsBad
# expect: StageNameCasing 1
# expect: StageNameCasing 4
