#!/bin/sh
# Install those of the named Debian packages that are missing.
#
#   scripts/debian-packages.sh PACKAGE...
#
# Needs root, or sudo without a password. Where neither is to be had, or the system is not Debian, one line says which
# packages are wanted, and the exit code is 1. A daemon that a package starts is stopped again: tests start their own.
set -eu

missing=
for package in "$@"; do
    case $(dpkg-query --show --showformat '${db:Status-Status}' "$package" 2>/dev/null || true) in
        installed) ;;
        *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
    root=
elif sudo -n true 2>/dev/null; then
    root="sudo -n"
else
    echo "nac: Debian packages are missing; as root: apt-get install$missing" >&2
    exit 1
fi
command -v apt-get >/dev/null || {
    echo "nac: these are wanted, by their Debian names:$missing" >&2
    exit 1
}

echo "== Debian packages:$missing"
export DEBIAN_FRONTEND=noninteractive
apt="$root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0"
$apt update >/dev/null && $apt install -y --no-install-recommends $missing >/dev/null || {
    echo "nac: apt-get could not install$missing" >&2
    exit 1
}
if [ -d /run/systemd/system ]; then
    for daemon in freeradius hostapd postgresql tpm2-abrmd; do
        case " $missing " in
            *" $daemon "*) $root systemctl disable --quiet --now "$daemon" ;;
        esac
    done
fi
