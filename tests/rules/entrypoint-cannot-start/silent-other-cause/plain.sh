set -e
exec app
