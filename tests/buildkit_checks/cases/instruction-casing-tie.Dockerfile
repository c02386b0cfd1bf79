FROM alpine:3.24
run true
# expect: ConsistentInstructionCasing 2
