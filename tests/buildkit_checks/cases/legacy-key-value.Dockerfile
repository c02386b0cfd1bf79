FROM alpine:3.24 AS a
ENV testkey value
LABEL key value
ENV testkey=value
LABEL key=value
ENV a=b c=d
FROM a AS b
ENV \
  testkey value
ENV one two=three
ARG x y
ONBUILD ENV testkey value
FROM a
ENV quoted "a b" \
  c d
# expect: LegacyKeyValueFormat 2
# expect: LegacyKeyValueFormat 3
# expect: LegacyKeyValueFormat 8
# expect: LegacyKeyValueFormat 10
# expect: LegacyKeyValueFormat 14
# ours: LegacyKeyValueFormat 12 BuildKit says it to those who build on the image
