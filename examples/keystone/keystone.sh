#!/bin/sh
# Runs a Keystone for experiments: Debian's package, SQLite, over TLS on the loopback address, in the foreground.
#
#   OS_BOOTSTRAP_PASSWORD=... sh keystone.sh FOLDER PORT CERTIFICATE KEY
#
# The first run in a folder takes some seconds more: it creates the keys, the database, and the user `admin` with that password.
# KEYSTONE_BIN is the folder of the programs, by default /usr/bin.
set -eu
folder=$1 port=$2 certificate=$3 key=$4
bin=${KEYSTONE_BIN:-/usr/bin}

for program in keystone-manage keystone-wsgi-public uwsgi_python3 sqlite3; do
  if [ ! -x "$bin/$program" ]; then
    echo "$bin/$program is not installed. On Debian: apt-get install keystone" >&2
    exit 1
  fi
done

umask 077
mkdir -p "$folder/keys"
cat >"$folder/keystone.conf" <<EOF
[DEFAULT]
log_file = $folder/keystone.log
[database]
connection = sqlite:///$folder/keystone.db
[fernet_tokens]
key_repository = $folder/keys
[fernet_receipts]
key_repository = $folder/keys
[credential]
key_repository = $folder/keys
[identity]
# Fast, and too weak for production.
password_hash_algorithm = bcrypt
password_hash_rounds = 4
[cache]
enabled = true
backend = dogpile.cache.memory
EOF

if [ ! -e "$folder/ready" ]; then
  rm -f "$folder"/keystone.db*
  for number in 0 1; do
    head -c 32 /dev/urandom | base64 | tr '+/' '-_' >"$folder/keys/$number"
  done
  "$bin/keystone-manage" --config-file "$folder/keystone.conf" db_sync
  # Keystone reads while it writes, which SQLite's default journal does not allow.
  "$bin/sqlite3" "$folder/keystone.db" 'PRAGMA journal_mode = WAL' >/dev/null
  "$bin/keystone-manage" --config-file "$folder/keystone.conf" bootstrap \
    --bootstrap-project-name admin --bootstrap-role-name admin --bootstrap-service-name keystone \
    --bootstrap-region-id RegionOne --bootstrap-public-url "https://127.0.0.1:$port/v3"
  touch "$folder/ready"
fi

OS_KEYSTONE_CONFIG_FILES="$folder/keystone.conf" exec "$bin/uwsgi_python3" --plugins python3 \
  --https-socket "127.0.0.1:$port,$certificate,$key" --wsgi-file "$bin/keystone-wsgi-public" \
  --processes 1 --threads 4 --need-app --die-on-term --buffer-size 65535 --pyargv '' --disable-logging
