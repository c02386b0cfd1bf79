module x

go 1.25

toolchain go1.25.3
