#!/usr/bin/env bash
# The real Pulumi engine and its CLI, built from the Go module that tests/parts/tools pins, into
# .cache/pulumi/KEY/bin; .cache/pulumi/current points there.  Does nothing when it is built.  The
# first build takes some minutes; the key is go.sum and the version of Go, so that it happens once.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
tools=tests/parts/tools
module=github.com/pulumi/pulumi/pkg/v3
# the program asks a host by SSH before it makes anything there
command -v ssh >/dev/null || bash tests/parts/apt.sh openssh-client || true
command -v go >/dev/null || bash tests/parts/apt.sh golang-go
go_version=$(cd "$tools" && go env GOVERSION)
version=$(awk -v module="$module" '$1 == module { sub("^v", "", $2); print $2 }' "$tools/go.mod")
key=$version-$go_version-$(cat "$tools/go.mod" "$tools/go.sum" | sha256sum | cut -c1-12)
place=$PWD/.cache/pulumi/$key
mkdir -p "$place/bin"
exec 9>"$PWD/.cache/pulumi/lock"
if command -v flock >/dev/null; then flock 9; fi      # two test runs at once build it once
if [ ! -x "$place/bin/pulumi" ]; then
    printf 'building the Pulumi engine %s (some minutes, once)\n' "$version" >&2
    # a plain version by -X, else the CLI calls itself a development build
    (cd "$tools" && go build -trimpath -o "$place/bin/pulumi.new" \
        -ldflags "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=$version" \
        "$module/cmd/pulumi")
    mv "$place/bin/pulumi.new" "$place/bin/pulumi"
fi
ln -sfn "$key" "$PWD/.cache/pulumi/current"
