ARG A=1
frOM alpine:3.24 as base
from alpine:3.24 as second
run true
RUN true
copy a /a
# expect: ConsistentInstructionCasing 2
# expect: ConsistentInstructionCasing 5
# ours: ConsistentInstructionCasing 1 an ARG before the first FROM is an instruction, too
