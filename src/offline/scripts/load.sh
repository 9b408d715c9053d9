#!/bin/sh
# Brings the images to where the cluster finds them, and says how to install the chart.
set -eu
cd "$(dirname "$0")"
version=$(cat VERSION)
usage() {
  cat >&2 <<TEXT
load registry HOST[:PORT][/PATH]   into a registry, by skopeo or docker, logged in there
load kind [CLUSTER]                into the nodes of a kind cluster
load minikube                      into minikube
load containerd                    into the containerd of this node (ctr, as root)
TEXT
  exit 2
}
need() { command -v "$1" >/dev/null || { echo "load: $1 is not here" >&2; exit 2; }; }
each() { for file in images/*.tar; do echo "$file"; done; }
# images/controller-0.1.0-amd64.tar is ghcr.io/todo-event-platform/controller:0.1.0
repository() { file=${1#images/}; echo "todo-event-platform/${file%%-"$version"-*}"; }

./verify
registry=""
case ${1:-} in
  registry)
    registry=${2:-}; registry=${registry%/}; [ -n "$registry" ] || usage
    each | while read -r file; do
      to="$registry/$(repository "$file"):$version"
      echo "$file -> $to"
      if command -v skopeo >/dev/null; then skopeo copy --quiet "oci-archive:$file" "docker://$to"
      else
        need docker
        docker load --quiet --input "$file"
        docker tag "ghcr.io/$(repository "$file"):$version" "$to"
        docker push --quiet "$to"
      fi
    done ;;
  kind) need kind; each | while read -r file; do echo "$file"; kind load image-archive "$file" --name "${2:-kind}"; done ;;
  minikube) need minikube; each | while read -r file; do echo "$file"; minikube image load "$file"; done ;;
  containerd)
    need ctr
    # Pinned: the kubelet would collect what it cannot pull again.
    each | while read -r file; do echo "$file"; ctr -n k8s.io images import --label io.cri-containerd.pinned=pinned "$file"; done ;;
  *) usage ;;
esac
echo "Next: helm install todo $(pwd)/chart/todo-event-platform-$version.tgz --namespace todo --create-namespace${registry:+ --set imageRegistry=$registry}"
