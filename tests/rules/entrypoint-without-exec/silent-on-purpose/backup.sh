#!/bin/sh
pg_dump "$DB" | gzip > /backup/db.gz
