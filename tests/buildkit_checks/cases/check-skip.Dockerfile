# check=skip=ConsistentInstructionCasing,FromAsCasing
FROM alpine:3.24 as Base
copy a /a
MAINTAINER me
# expect: StageNameCasing 2
# expect: MaintainerDeprecated 4
