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
CMD ["run-the-server"]
# expect: JSONArgsRecommended 2
# expect: JSONArgsRecommended 4
