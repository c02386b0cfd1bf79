# escape=`
FROM alpine:3.24
RUN a `

  b
RUN a \

# expect: NoEmptyContinuation 5
