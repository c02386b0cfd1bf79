FROM alpine:3.24 AS a
ENTRYPOINT run-the-server --port 80
FROM alpine:3.24 AS b
CMD run-the-server --port 80
FROM alpine:3.24 AS c
SHELL ["/usr/bin/customshell"]
CMD run-the-server --port 80
FROM c AS d
ENTRYPOINT run-the-server --port 80
FROM alpine:3.24
CMD run-the-server --port 80
# expect: JSONArgsRecommended 11
# theirs: JSONArgsRecommended 2 the stage is not shipped, so nothing ever starts there
# theirs: JSONArgsRecommended 4 the stage is not shipped, so nothing ever starts there
