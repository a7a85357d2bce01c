#!/bin/bash
# Runs in the apache/kafka image: formats the data folder with the users' credentials at the first start, then serves.
set -euo pipefail

properties=/secrets/kafka.properties

if [ ! -f /var/lib/kafka/data/meta.properties ]; then
  mapfile -t users < /secrets/kafka-users
  arguments=()
  for user in "${users[@]}"; do arguments+=(--add-scram "$user"); done
  /opt/kafka/bin/kafka-storage.sh format -t "$(cat /secrets/kafka-cluster-id)" -c "$properties" "${arguments[@]}" > /dev/null # it prints the credentials
fi

exec /opt/kafka/bin/kafka-server-start.sh "$properties"
