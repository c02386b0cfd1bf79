FROM debian:trixie-slim
RUN mysql -e "SELECT password FROM users WHERE name = 'x'" && echo "CREATE TABLE t (password varchar(20))"
