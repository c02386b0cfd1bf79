set -e
exec python -m app
