FROM alpine:3.23 AS b
COPY run.sh /
ENTRYPOINT ["/run.sh"]
FROM alpine:3.23
CMD ["true", "1"]
