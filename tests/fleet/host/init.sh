#!/bin/bash
# First process of a fleet host: makes the container look like a small server
# (writable kernel settings, own Docker Engine, own sshd) and keeps it running.
set -u

# The container gets its capabilities one by one instead of --privileged (that
# fails where the machine itself lacks a capability), so what --privileged would
# have mounted writable is remounted here. Failures are fine: on cgroup v2, for
# example, half of this does not exist.
mount -o remount,rw /proc/sys 2>/dev/null
mount -o remount,rw /sys 2>/dev/null
if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
    mount -o remount,rw /sys/fs/cgroup 2>/dev/null
    # Controllers can be handed down only by a cgroup without processes of its own.
    mkdir -p /sys/fs/cgroup/init
    while read -r pid; do echo "$pid" >/sys/fs/cgroup/init/cgroup.procs; done \
        </sys/fs/cgroup/cgroup.procs 2>/dev/null
    sed 's/\(^\| \)/\1+/g' /sys/fs/cgroup/cgroup.controllers \
        >/sys/fs/cgroup/cgroup.subtree_control 2>/dev/null
else
    mount -o remount,bind,rw /sys/fs/cgroup 2>/dev/null
    for controller in /sys/fs/cgroup/*; do
        mount -o remount,bind,rw "$controller" 2>/dev/null
    done
fi

# Nested containers need an iptables that this kernel understands.
if ! iptables -t nat -L >/dev/null 2>&1; then
    update-alternatives --set iptables /usr/sbin/iptables-legacy >/dev/null 2>&1
fi

# The registry has the same name on the client and on every host: 127.0.0.1:PORT,
# which every Docker Engine accepts over plain HTTP. Here it leads to the fleet's
# registry container.
echo 1 >/proc/sys/net/ipv4/conf/all/route_localnet
iptables -t nat -A OUTPUT -p tcp -d 127.0.0.1 --dport "$REGISTRY_PORT" \
    -j DNAT --to-destination "$REGISTRY_ADDRESS:$REGISTRY_PORT"
iptables -t nat -A POSTROUTING -p tcp -d "$REGISTRY_ADDRESS" --dport "$REGISTRY_PORT" \
    -j MASQUERADE

mkdir -p /run/sshd /root/.ssh
chmod 700 /root/.ssh
echo "$AUTHORIZED_KEY" >/root/.ssh/authorized_keys
[ -f /etc/ssh/ssh_host_ed25519_key ] ||
    ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key

dockerd >>/var/log/dockerd.log 2>&1 &
dockerd_pid=$!
/usr/sbin/sshd -D -E /var/log/sshd.log &
sshd_pid=$!

trap 'kill $dockerd_pid $sshd_pid; wait $dockerd_pid; exit 0' TERM
# A host without its engine or its sshd is no host: end, so that it is noticed.
wait -n $dockerd_pid $sshd_pid
echo "dockerd or sshd ended; last lines of the engine's log:" >&2
tail -n 5 /var/log/dockerd.log >&2
exit 1
