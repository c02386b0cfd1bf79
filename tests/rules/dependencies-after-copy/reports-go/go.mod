module x

require golang.org/x/sync v0.18.0
