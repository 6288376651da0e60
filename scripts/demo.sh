#!/bin/bash
# `make demo`: Braid's main job without a cluster, in a Linux kernel of its own (scripts/guest/run). Needs no root and no
# kernel features of the host; touches nothing there. Exit status 1 when anything is not as the demo says.
#
#   NO_COLOR=1 scripts/demo.sh      plain text (also when stdout is no terminal)
#   BRAID_BIN=PATH scripts/demo.sh  another executable than dist/braid, outside /tmp and /run (the guest has its own)
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
color=0
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then color=1; fi
# Some seconds pass until the guest's first line, which is longer than this one and takes its place.
if [ -t 1 ]; then printf 'starting a Linux kernel of its own ...\r'; fi
# A network and a mount namespace of the demo's own, so that it finds an empty node wherever it runs.
exec scripts/guest/run --timeout 300 -- unshare --net --mount --propagation private \
  env "DEMO_COLOR=$color" "BRAID_BIN=${BRAID_BIN:-dist/braid}" scripts/bun scripts/demo.ts
