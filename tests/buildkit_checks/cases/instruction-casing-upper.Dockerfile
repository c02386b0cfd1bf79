ARG A=1
From alpine:3.24 as base
RUN true
run true
COPY a /a
copy a /a
ONBUILD run true
FROM alpine:3.24 AS second
onbuild RUN true
# expect: ConsistentInstructionCasing 2
# expect: ConsistentInstructionCasing 4
# expect: ConsistentInstructionCasing 6
# expect: ConsistentInstructionCasing 9
# ours: ConsistentInstructionCasing 7 the instruction inside ONBUILD is one, too
