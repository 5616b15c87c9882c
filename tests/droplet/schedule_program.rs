//! The program that a schedule puts on a droplet (`schedule.sh`): it gets its name only when it works there.

use crate::sandbox::Shell;
use crate::schedule::{DIR, droplet, schedule};

#[test]
fn program_that_was_sent_gets_its_name_only_when_it_works_here() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell);
        sandbox.stub("timeout", "shift; exec /usr/bin/timeout -k 0.2 1 \"$@\"");
        let sent = format!("{DIR}/schedule/sent");
        let bad = [
            ("#!/usr/bin/dash\nexit 1\n", "it does not run here: "),
            ("\x7fELF garbage", "it does not run here: "),
            ("#!/usr/bin/dash\necho 'opsec 1'\n", "it does not run here: opsec 1"),
            ("#!/usr/bin/dash\nexec sleep 100\n", "it does not run here: "),
            ("#!/usr/bin/dash\nyes x\n", "it does not run here: x"),
        ];
        for (text, says) in bad {
            sandbox.write(&sent, text);
            let ran = sandbox
                .run(&schedule("c").program(&sent, "abc"))
                .exits(1)
                .says(&[says, "another one: ops schedule install --program FILE"]);
            assert!(ran.out.len() < 600 && !sandbox.exists(&sent), "{ran}");
            assert!(
                !sandbox.exists(&format!("{DIR}/schedule/ops"))
                    && !sandbox.exists(&format!("{DIR}/schedule/program"))
            );
        }
        sandbox.write(&sent, "#!/usr/bin/dash\n[ \"$1\" != --version ] || { echo 'ops 0.1.0'; echo more; exit; }\n[ -d \"$HOME\" ] && ! grep bad \"$2\"\n");
        sandbox.run(&schedule("c").program(&sent, "abc")).exits(0);
        assert_eq!(sandbox.read(&format!("{DIR}/schedule/program")), "ops 0.1.0 abc\n");
        sandbox.sh(&format!("[ $(stat -c %a {DIR}/schedule/ops) = 700 ] && [ ! -e {sent} ]")).exits(0);
        sandbox.write(&format!("{DIR}/schedule/inventory.yaml"), "good\n");
        sandbox.run(&schedule("c").understood()).exits(0);
        sandbox.write(&format!("{DIR}/schedule/inventory.yaml"), "bad\n");
        sandbox.run(&schedule("c").understood()).exits(1).says(&["does not understand this inventory"]);
        sandbox.write(&format!("{DIR}/schedule/sent/left"), "");
        for _ in 0..2 {
            sandbox.run(&schedule("c").forget()).exits(0);
            assert!(!sandbox.exists(&format!("{DIR}/schedule/home")) && !sandbox.exists(&sent));
        }
    }
}
