# ignore: ignored
FROM alpine:3.24 AS base
COPY ignored .
ADD ignored /other
COPY ./ignored/file /x
COPY . /all
COPY kept ignored
FROM base
COPY --from=base /ignored /x
# expect: CopyIgnoredFile 3
# expect: CopyIgnoredFile 4
# expect: CopyIgnoredFile 5
