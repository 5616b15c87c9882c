# What is asked for of a backup that is made (backup.sh).
case $verb in
  close) close; exit ;;
  init) umask 077; engine && repository; exit ;;
  forget) engine && forget "$@"; exit ;;
  images) images; exit ;;
esac
[ -n "$c" ] || { echo "no running container of $db"; exit 1; }
[ -z "${OPS_HALT:-}" ] || [ ! -e "$OPS_HALT" ] || { echo 'ops.ended ended early, as it was asked for'; exit 130; }
case $verb in
  ready) ready "$@" ;;
  hold) hold ;;
  dump) dump "$@" ;;
  read) read_all ;;
  store) keep ;;
  confirm) confirm ;;
  *) exit 71 ;;
esac
