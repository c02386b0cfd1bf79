FROM alpine:3.24
RUN echo [a, b]
RUN [ -d /x ] && [ -d /y ]
CMD ["sh", "-c", "exec $0"]
