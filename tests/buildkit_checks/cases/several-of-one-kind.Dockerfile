FROM alpine:3.24 AS a
ENTRYPOINT ["/one"]
CMD ["/one"]
HEALTHCHECK CMD ["/one"]
COPY <<EOF /a.txt
ENTRYPOINT ["/text"]
EOF
ENTRYPOINT ["/two"]
CMD ["/two"]
HEALTHCHECK CMD ["/two"]
CMD ["/three"]
FROM a AS b
ENTRYPOINT ["/other"]
CMD ["/other"]
HEALTHCHECK CMD ["/other"]
# expect: MultipleInstructionsDisallowed 2
# expect: MultipleInstructionsDisallowed 3
# expect: MultipleInstructionsDisallowed 4
# expect: MultipleInstructionsDisallowed 9
