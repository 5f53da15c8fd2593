# First boot of a worker's machine: ECS-optimised Amazon Linux 2023, arm64. The launch template (resources/fleet.yml)
# puts the shebang and the exports before it: AWS_REGION STAGE WORKER_IMAGE LOG_GROUP JOB_STORE QUEUE_URL
# SECRET_PREFIX WORKER_GROUP LIFECYCLE_HOOK, and FIFO_QUEUE_URL where there is one. None of them is a secret.
# No brace ever follows a dollar here: serverless and CloudFormation would take it for a variable of theirs.
# Where the minute from launch to the first message goes: docs/decisions/0015-a-worker-machine.md.
# shellcheck shell=bash
set -euo pipefail

# A machine that cannot start its worker is switched off: the group's health check then replaces it. The minute is for
# whoever reads the console.
give_up() {
  [ "$1" = 0 ] && return
  echo 'drover: the worker could not be started; this machine is given up' >&2
  shutdown -h +1
}
trap 'give_up $?' EXIT

for name in AWS_REGION STAGE WORKER_IMAGE LOG_GROUP JOB_STORE QUEUE_URL SECRET_PREFIX WORKER_GROUP LIFECYCLE_HOOK; do
  if [ -z "$(printenv "$name")" ]; then
    echo "drover: $name is not set by the launch template" >&2
    exit 1
  fi
done

# The agent of ECS would look for a cluster. Its start waits for the end of this script, so that nothing here may wait for it.
systemctl mask --now --no-block ecs.service
systemctl start docker.service

imds=http://169.254.169.254/latest
token=$(curl --silent --show-error --fail --retry 5 --retry-connrefused --request PUT \
  --header 'X-aws-ec2-metadata-token-ttl-seconds: 300' "$imds/api/token")
instance=$(curl --silent --show-error --fail --retry 5 \
  --header "X-aws-ec2-metadata-token: $token" "$imds/meta-data/instance-id")

# At first boot there is no HOME, in which docker and its helper would look.
HOME=/root DOCKER_CONFIG=$(mktemp --directory)
export HOME DOCKER_CONFIG
registry=$(printf '%s' "$WORKER_IMAGE" | cut -d/ -f1)
case "$registry" in
*.dkr.ecr.*)
  # The image of the machine has no AWS CLI. The helper asks for a token whenever docker pulls and stores none.
  dnf install --assumeyes --quiet amazon-ecr-credential-helper
  printf '{"credHelpers":{"%s":"ecr-login"}}\n' "$registry" >"$DOCKER_CONFIG/config.json"
  ;;
esac

pulled=no
for pause in 1 2 4 8 16; do
  if docker pull --quiet "$WORKER_IMAGE"; then
    pulled=yes
    break
  fi
  sleep "$pause"
done
[ "$pulled" = yes ]

# What the system, docker and its log driver need stays free; the worker is ended before the machine is.
memory=$(awk '/^MemTotal:/ { print int($2 / 1024) - 384 }' /proc/meminfo)m

# --init: SIGTERM reaches node whatever node has set up so far.
# --restart on-failure: a worker that dies starts again, with growing pauses; one that has drained stays away.
# --network host: no translation of addresses at 5 Gbit/s; the security group lets nobody in.
# --stop-timeout: longer than DRAIN_SECONDS, which is 90 unless told.
docker run --detach --name drover-worker --init --restart on-failure --stop-timeout 120 \
  --network host --read-only --tmpfs /tmp:rw,nosuid,nodev,noexec,size=64m \
  --cap-drop ALL --security-opt no-new-privileges --pids-limit 1024 --ulimit nofile=65536:65536 \
  --memory "$memory" --memory-swap "$memory" \
  --log-driver awslogs --log-opt awslogs-region="$AWS_REGION" --log-opt awslogs-group="$LOG_GROUP" \
  --log-opt awslogs-stream="$instance" --log-opt awslogs-format=json/emf \
  --log-opt mode=non-blocking --log-opt max-buffer-size=8m \
  --env AWS_REGION --env STAGE --env JOB_STORE --env QUEUE_URL --env FIFO_QUEUE_URL --env SECRET_PREFIX --env WORKER_GROUP \
  --env LIFECYCLE_HOOK --env WORKER="$instance" --env INSTANCE_METADATA=http://169.254.169.254 \
  "$WORKER_IMAGE"
