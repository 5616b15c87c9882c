# restic in the manner of the official image: for droplets whose own restic is too old.
# shellcheck shell=bash disable=SC2034
suite=trixie
packages=(restic ca-certificates openssh-client)
changes=('ENTRYPOINT ["/usr/bin/restic"]')

customize() { :; }
