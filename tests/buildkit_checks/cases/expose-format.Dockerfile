FROM alpine:3.24
EXPOSE 80
EXPOSE 127.0.0.1:80:80
EXPOSE 5000:5000
EXPOSE 80-90/tcp 100/udp
EXPOSE [::1]:8080:8080
# expect: ExposeInvalidFormat 3
# expect: ExposeInvalidFormat 4
# expect: ExposeInvalidFormat 6
