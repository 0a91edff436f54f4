#!/bin/bash
# Do what the README says on a bare Debian: scripts/bare-machine.sh 12|13 root|user run|test|ci [PART OF THE TESTS]
#
# A root of Debian's minimal packages is made from the mirror that this machine's apt is set up with, with nothing added
# but what the README names. HEAD is cloned there, and then `make run` (until the first page is there), `make test` or
# `.ci/run` is called, as root or as a plain user who may use sudo. Needs root, mmdebstrap and 4 GB below TMPDIR.
#
# Everything is mounted and started in namespaces that end with this script, however it ends; the root is removed.
set -euo pipefail

usage() {
    sed -n '2s/^# //p' "$0" >&2
    exit 2
}
say() { printf '%s\n' "$*" >&2; }
die() {
    say "$*"
    exit 1
}

# What the README says a machine must have.
NEEDED=make,git,python3,python3-venv

HERE=$(cd "$(dirname "$0")" && pwd)
REPOSITORY=$(dirname "$HERE")

# Called by this script itself, in namespaces of its own: mount, and call make as root or as the user.
inside() {
    root=$1 who=$2 what=$3 part=$4
    mount --make-rprivate /
    mount --bind "$root" "$root"
    mount -t proc proc "$root/proc"
    mount -t tmpfs -o mode=755,size=64k dev "$root/dev"
    for device in null zero full random urandom tty; do
        touch "$root/dev/$device"
        mount --bind "/dev/$device" "$root/dev/$device"
    done
    ln -s /proc/self/fd "$root/dev/fd"
    ln -s fd/0 "$root/dev/stdin"
    ln -s fd/1 "$root/dev/stdout"
    ln -s fd/2 "$root/dev/stderr"
    mkdir "$root/dev/shm" "$root/dev/pts"
    mount -t tmpfs -o mode=1777,size=1g shm "$root/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
    ln -s pts/ptmx "$root/dev/ptmx"
    while IFS=$(printf '\t') read -r from to; do
        mkdir -p "$root$to"
        mount --bind -o ro "$from" "$root$to"
    done <"$root.mounts"

    user=root home=/root
    if [ "$who" = user ]; then user=plain home=/home/plain; fi
    environment=("HOME=$home" "USER=$user" "LOGNAME=$user" "PATH=/usr/local/bin:/usr/bin:/bin" "TERM=dumb")
    if [ "$who" = root ]; then environment[3]="PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"; fi
    mapfile -t -O "${#environment[@]}" environment <"$root.environment"
    in_root() { chroot --userspec="$user:$user" --groups="$user" "$root" /usr/bin/env -i "${environment[@]}" "$@"; }

    in_root git -c advice.detachedHead=false -c init.defaultBranch=main clone --quiet /var/tmp/head.bundle "$home/quotewright"
    if [ "$what" = run ]; then
        first_page "$home/quotewright"
    elif [ "$what" = ci ]; then
        in_root "$home/quotewright/.ci/run"
    else
        # With CI a test that finds no browser fails instead of being skipped.
        in_root CI=true make -C "$home/quotewright" --no-print-directory test T="$part" WORKERS="${WORKERS:-auto}"
    fi
}

# `make run` until its first page answers, then what Ctrl-C does. Ports that are free: the network is this machine's.
first_page() {
    output=$root.output
    in_root make -C "$1" --no-print-directory run PORT=0 SANDBOX_PORT=0 >"$output" 2>&1 &
    running=$!
    for _ in $(seq 600); do
        grep -q "^Stop with Ctrl-C" "$output" && break
        kill -0 "$running" 2>/dev/null || break
        sleep 0.5
    done
    cat "$output"
    address=$(sed -n 's/^Quotewright runs at *\(http[^ ]*\).*/\1/p' "$output")
    [ -n "$address" ] || die "make run did not come to its first page."
    in_root python3 - "$address" <<'PYTHON'
import sys, urllib.request
with urllib.request.urlopen(sys.argv[1], timeout=30) as answer:
    print(f"{answer.url} answers {answer.status}: {'Quotewright' in answer.read().decode()}")
PYTHON
    kill -INT "$(cat "$root$1/var/lock")"
    wait "$running" || die "make run ended with exit code $? after it was told to stop."
    tail -n 1 "$output"
}

# The mirror as apt knows it; its lists need not have been fetched by us, only be there.
mirror_of() {
    apt-get indextargets --format '$(LABEL)|$(REPO_URI)' "Created-By: Packages" "Origin: Debian" |
        sed -n "s/^$1|//p" | sort -u | head -n 1
}
finish() {
    code=$?
    trap - EXIT INT TERM HUP
    if [ -n "$child" ] && kill -0 "$child" 2>/dev/null; then
        # unshare holds signals back; with it ends, by --kill-child, all that runs in the namespaces.
        kill -TERM "$child" 2>/dev/null || true
        if [ "${unshared:-}" = yes ]; then kill -KILL "$child" 2>/dev/null || true; fi
        wait "$child" 2>/dev/null || true
    fi
    for _ in 1 2 3 4 5; do
        rm -rf --one-file-system "$folder" 2>/dev/null && break
        sleep 1
    done
    [ ! -e "$folder" ] || say "$folder could not be removed."
    exit "$code"
}

# In the background, so that a signal is heard at once and not at the program's end.
followed() {
    "$@" </dev/null &
    child=$!
    code=0
    wait "$child" || code=$?
    child=
    return "$code"
}

main() {
    case "${1:-}" in
        12 | bookworm) release=bookworm number=12 ;;
        13 | trixie) release=trixie number=13 ;;
        *) usage ;;
    esac
    who=${2:-} what=${3:-} part=${4:-tests}
    case "$who" in root | user) ;; *) usage ;; esac
    case "$what" in run | test | ci) ;; *) usage ;; esac

    [ "$(id -u)" = 0 ] || die "A bare root can only be made as root: sudo $0 $*"
    for program in mmdebstrap unshare git python3; do
        command -v "$program" >/dev/null || die "$program is missing: apt-get install mmdebstrap util-linux git python3"
    done

    mirror=$(mirror_of Debian)
    security=$(mirror_of Debian-Security)
    [ -n "$mirror" ] || die "This machine's apt knows no mirror of Debian. Run apt-get update first; Ubuntu's won't do."

    child=
    folder=$(mktemp -d -t quotewright-bare-XXXXXX)
    chmod 755 "$folder"
    root=$folder/root
    started=$SECONDS

    trap finish EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP

    sources=("deb $mirror $release main")
    [ -z "$security" ] || sources+=("deb $security $release-security main")
    apt-config dump Acquire | grep -E '^Acquire::(Check-|https?::(Proxy|CaInfo|Verify))' >"$folder/apt.conf" || true
    settings=()
    while read -r line; do settings+=("--aptopt=$line"); done <"$folder/apt.conf"

    packages=$NEEDED
    if [ "$who" = user ]; then packages=$packages,sudo; fi
    say "Making a bare Debian $number with $packages …"
    if ! followed mmdebstrap --quiet --mode=root --variant=minbase "--include=$packages" "${settings[@]}" \
        "$release" "$root" "${sources[@]}" >"$folder/mmdebstrap.log" 2>&1; then
        tail -n 20 "$folder/mmdebstrap.log" >&2
        die "The bare root could not be made; the lines above say why."
    fi

    # What follows may hold a password of a package index.
    chmod 700 "$folder"
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    cp /etc/hosts "$root/etc/hosts"
    cp "$folder/apt.conf" "$root/etc/apt/apt.conf.d/99machine"
    # No service of a package is to be started beside this machine's own.
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod 755 "$root/usr/sbin/policy-rc.d"
    if [ "$who" = user ]; then
        chroot "$root" useradd --create-home --shell /bin/bash plain
        printf 'plain ALL=(ALL) NOPASSWD: ALL\n' >"$root/etc/sudoers.d/plain"
        chmod 440 "$root/etc/sudoers.d/plain"
    fi
    git -C "$REPOSITORY" bundle create --quiet "$root/var/tmp/head.bundle" HEAD
    python3 "$HERE/pip_settings.py" "$root" "$root.environment" "$root.mounts"

    say "It took $((SECONDS - started)) seconds. Calling $what on Debian $number as $who …"
    before=$SECONDS code=0 unshared=yes
    followed unshare --mount --mount-proc --pid --fork --kill-child -- "$0" --inside "$root" "$who" "$what" "$part" || code=$?
    unshared=
    result=passed
    [ "$code" = 0 ] || result="failed with exit code $code"
    case "$what" in
        run) called="make run" ;;
        test) called="make test T=$part" ;;
        ci) called=.ci/run ;;
    esac
    say "Debian $number, as $who, $called: $result after $((SECONDS - before)) seconds."
    exit "$code"
}

if [ "${1:-}" = --inside ]; then
    trap 'exit 130' INT TERM HUP
    shift
    inside "$@"
else
    main "$@"
fi
exit
