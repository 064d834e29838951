# shellcheck shell=bash
# Runs an image as a container engine would, with what the kernel has for it: PID 1 of namespaces of its own, a
# read-only root, no capability, the mounts and the user that are asked for. And another container beside it.

storage=$work/containers
driver=overlay
export BUILDAH_ISOLATION=chroot TMPDIR=$work
buildah() { command buildah --root "$storage/root" --runroot "$storage/run" --storage-driver "$driver" "$@"; }
inspect() { buildah inspect --type image --format "$1" tokenbroker:test; }

drop_storage() {
  buildah umount --all >/dev/null 2>&1
  umount -R "$storage/root/$driver" 2>/dev/null
  rm -rf "$storage"
}
# A base image of the name that the Dockerfile begins from: FOLDER DRIVER. Overlays are the faster way to keep it; not
# every machine has them.
make_base_image() {
  local container
  driver=$2
  drop_storage
  mkdir -p "$storage"
  container=$(buildah from scratch) || return
  buildah add -q "$container" "$1" / >/dev/null &&
    buildah config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container" &&
    buildah run "$container" apt-get -qq update --error-on=any >"$work/apt.log" 2>&1 &&
    buildah commit -q --rm "$container" docker.io/library/debian:bookworm-slim >/dev/null
}

# in_root ROOT MOUNT... -- COMMAND...: the command as PID 1 there. MOUNT: SOURCE:TARGET or SOURCE:TARGET:ro.
in_root() {
  local root=$1 source target mode script
  shift
  script="set -e; mount --bind '$root' '$root'; mount -t proc proc '$root/proc'; mount --rbind /dev '$root/dev'"
  while [ "$1" != -- ]; do
    IFS=: read -r source target mode <<<"$1"
    # An engine makes the places of mounts.
    [ -d "$source" ] && mkdir -p "$root$target"
    [ -d "$source" ] || { mkdir -p "$root$(dirname "$target")" && touch "$root$target"; }
    script+="; mount --bind '$source' '$root$target'"
    [ "$mode" != ro ] || script+="; mount -o remount,bind,ro '$root$target'"
    shift
  done
  shift
  script+="; mount -o remount,bind,ro '$root'; exec chroot '$root' \"\$@\""
  unshare --mount --pid --ipc --uts --fork --kill-child bash -c "$script" container "$@"
}
unprivileged() { # UID GID COMMAND...
  local uid=$1 gid=$2
  shift 2
  echo /usr/bin/setpriv --reuid="$uid" --regid="$gid" --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all "$@"
}

# start MOUNT... -- NAME=VALUE...: the image's entry point with its environment and this, as its user.
start() {
  local mounts=() user entry variables
  while [ "$1" != -- ]; do mounts+=("$1"); shift; done
  shift
  mapfile -t variables < <(inspect '{{range .OCIv1.Config.Env}}{{println .}}{{end}}' | grep .)
  mapfile -t entry < <(inspect '{{range .OCIv1.Config.Entrypoint}}{{println .}}{{end}}' | grep .)
  IFS=: read -ra user <<<"$(inspect '{{.OCIv1.Config.User}}')"
  # shellcheck disable=SC2046 # words are wanted
  in_root "$image_root" "${mounts[@]}" -- \
    $(unprivileged "${user[@]}") /usr/bin/env -i "${variables[@]}" "$@" "${entry[@]}" >"$run/container.log" 2>&1 &
  engine=$!
}
# PID 1 of the container, as seen from here: the child of unshare, which is the child of our shell's.
first_process() { pgrep -P "$(pgrep -P "$engine" | head -n 1)" | head -n 1; }
# A command in the running container, by its user: what a probe is.
probe() {
  # shellcheck disable=SC2046 # words are wanted
  nsenter -t "$(first_process)" -m -p -i -u -r -w -- $(unprivileged 64646 64646) "$@"
}
ended() { ! kill -0 "$engine" 2>/dev/null; }
end() {
  ended || kill -9 "$(first_process)" 2>/dev/null
  wait "$engine" 2>/dev/null
}
# Waits for the container, which ends by itself soon, or else is killed. Its exit status is in $code.
await_end() {
  within 10 ended >/dev/null
  end
  # shellcheck disable=SC2034 # for the tests
  code=$?
}

# client UID GID COMMAND...: in a container of its own, made of plain Debian, that shares the socket's folder.
client() {
  local uid=$1 gid=$2
  shift 2
  # shellcheck disable=SC2046 # words are wanted
  in_root "$run/client" "$socket_folder:/run/tokenbroker" "$build/bin/tokenctl:/usr/bin/tokenctl:ro" -- \
    $(unprivileged "$uid" "$gid") "$@"
}
