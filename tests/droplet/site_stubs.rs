//! What the stubs of these tests have in common, and the stub of systemctl.
//!
//! Each stub reads its state from files below `/stubs`, and can be told to fail, to hang or to print garbage.

use crate::sandbox::{Sandbox, Shell};

/// What a stub does instead of its work.
#[derive(Debug, Clone, Copy)]
pub enum Trouble {
    Fails,
    Hangs,
    Garbage,
}

impl Trouble {
    pub const ALL: [Trouble; 3] = [Trouble::Fails, Trouble::Hangs, Trouble::Garbage];

    fn word(self) -> &'static str {
        match self {
            Trouble::Fails => "fails",
            Trouble::Hangs => "hangs",
            Trouble::Garbage => "garbage",
        }
    }
}

/// Stands in front of each stub: `told KIND` is true where a line of `/stubs/NAME.KIND` is part of its words.
const TOLD: &str = r#"
words=" $* "
told() { [ -s "$0.$1" ] && printf '%s\n' "$words" | grep -qF -f "$0.$1"; }
! told fails || { echo "${0##*/}: told to fail" >&2; exit 1; }
! told hangs || exec /usr/bin/sleep 600
! told garbage || { printf '\377\376{"a"\t:\001\n\n$(touch /tmp/hacked)\n`touch /tmp/hacked`\n'; exit 0; }
"#;

/// Puts a stub on PATH that can be told to misbehave.
pub fn stub(sandbox: &Sandbox, name: &str, body: &str) {
    sandbox.stub(name, &format!("{TOLD}{body}"));
}

/// A stub that does not exist yet, or one that does, misbehaves from now on where its words contain `words`.
pub fn tell(sandbox: &Sandbox, name: &str, trouble: Trouble, words: &str) {
    sandbox.write(&format!("/stubs/{name}.{}", trouble.word()), format!("{words}\n"));
}

/// The stub works again.
pub fn cure(sandbox: &Sandbox, name: &str) {
    for trouble in Trouble::ALL {
        let _ = std::fs::remove_file(sandbox.path(&format!("/stubs/{name}.{}", trouble.word())));
    }
}

/// A `sleep` that waits for no more than a hundredth of a second, so that loops that poll end soon.
pub fn quick_sleep(sandbox: &Sandbox) {
    sandbox.stub("sleep", "exec /usr/bin/sleep 0.01");
}

/// Units are files below `/stubs/units`: `NAME.enabled`, `NAME.active`. What starts or stops runs the program that its
/// file in `/etc/systemd/system` names.
pub fn systemctl(sandbox: &Sandbox) {
    stub(
        sandbox,
        "systemctl",
        r#"
umask 022; mkdir -p /stubs/units
verb= units= now=
starts() { stops; line=$(sed -n 's/^ExecStart=//p' "$file" 2>/dev/null); [ -z "$line" ] || $line || exit 1; : >"$at.active"; }
stops() { [ -e "$at.active" ] || return 0; rm -f "$at.active"; line=$(sed -n 's/^ExecStop=//p' "$file" 2>/dev/null); [ -z "$line" ] || $line || exit 1; }
for word; do
	case $word in --now) now=yes ;; -*) ;; *) if [ -z "$verb" ]; then verb=$word; else units="$units $word"; fi ;; esac
done
for unit in $units; do
	case $unit in *.*) ;; *) unit=$unit.service ;; esac
	at=/stubs/units/$unit file=/etc/systemd/system/$unit
	case $verb in
		is-active) [ -e "$at.active" ] || exit 3 ;;
		is-enabled) [ -e "$at.enabled" ] || exit 1 ;;
		enable) : >"$at.enabled"; [ -z "$now" ] || starts ;;
		disable) rm -f "$at.enabled"; [ -z "$now" ] || stops ;;
		start | restart | reload-or-restart) starts ;;
		reload) [ -e "$at.active" ] || exit 1 ;;
		stop) stops ;;
		*) ;;
	esac
done
exit 0
"#,
    );
}

/// Runs a test in every shell that a droplet may have.
pub fn in_every_shell(test: impl Fn(&mut Sandbox)) {
    for shell in Shell::each() {
        test(&mut Sandbox::new(shell));
    }
}
