#!/bin/sh
# sshd's ForceCommand while the script that `ops` sends is recorded: $1 is the directory for it. Then
# the same bytes can be sent by a bare ssh.
umask 077
name=$1/$(date +%s%N).$$
printf '%s' "$SSH_ORIGINAL_COMMAND" >"$name.command"
tee "$name.stdin" | sh -c "$SSH_ORIGINAL_COMMAND"
