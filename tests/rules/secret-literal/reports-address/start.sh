#!/bin/sh
curl https://ci:h8Fk2LqWz@repo.corp.net/x
exec app
