//! The droplet's side alone: the runner called as `ops` calls it, on demo-1.

use crate::droplet::{DEMO, Droplet};

/// The runner as one file, and words for what a test calls it with.
const WORDS: &str = r#"
d=/var/lib/ops/t; rm -rf $d; mkdir -p $d; mark=/root/mark; rm -f $mark
runner() { v=$1; shift; sh /root/runner $v $d "$@"; }
take() { printf '"command":"x"' | runner take "$1"; }
framed() { printf '%s\n%s' "${#1}" "$1"; }
# run, fence, section, critical, then per step: its script and that of its undo (or: onward).
open() {
  run=$1 fence=$2 section=$3 critical=$4; shift 4
  { framed '{}'; framed '{}'; framed '{"event":"begin"}'; echo "section $section $critical $(($# / 2))"; n=0
    while [ $# -gt 0 ]; do
      n=$((n + 1))
      case $2 in onward) echo "step s$n 60 onward"; framed "$1"; framed '' ;; *) echo "step s$n 60 back"; framed "$1"; framed "$2" ;; esac
      shift 2
    done; echo end; } | runner open $run $fence
}
# Waits until the act has a code, which is printed.
over() { n=0; until [ -s $d/runs/$1/sections/$2/$3/code ] || [ $n -gt 300 ]; do n=$((n + 1)); sleep 0.1; done; cat $d/runs/$1/sections/$2/$3/code; }
unit() { systemctl show -p ActiveState --value ops-$1-$2-$3-carry.service; }
"#;

fn on(droplet: Droplet, script: &str) -> String {
    let source = |part: &str| {
        let path = format!("{}/src/execute/runner/{part}.sh", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).unwrap()
    };
    let runner = ["1-lock", "2-acts", "3-guard-and-reports"].map(source).concat();
    droplet.root(&format!("cat >/root/runner <<'RUNNER'\n{runner}\nRUNNER"));
    droplet.root(&format!("{WORDS}\n{script}"))
}

lab_test!(lab, demo, an_act_runs_once_however_often_it_is_started_and_only_for_the_holder);
fn an_act_runs_once_however_often_it_is_started_and_only_for_the_holder() {
    let said = on(
        DEMO.fresh(),
        r#"
take one; take two >/dev/null; echo "second: $?"
open one 1 a 0 'echo ran >>/root/mark; echo out' '' 'sleep 0.5; exit 3' 'echo undone >>/root/mark'
for again in 1 2 3 4; do runner start one 1 a 1 5 detached >/root/answer.$again & done; wait
cat /root/answer.3; cat $mark
runner start one 2 a 2 5 detached 2>/dev/null; echo "other fence: $?"
runner start one 1 a undo2 5 undo; cat $mark; ls $d/runs/one/sections/a/*.begun | wc -l
runner beat one 2 2>/dev/null; echo "beat: $?"
runner release one 1; take two
cat $d/runs/one/journal.jsonl
"#,
    );
    let answer = "done 1 2\ns1.1 0 carry 0 ";
    assert!(said.starts_with(&format!("taken 1\nsecond: 75\n{answer}")), "{said}");
    assert!(said.contains("\nout\ns2.1 1 carry 3 ") && said.contains("\nran\nother fence: 72\n"), "{said}");
    assert!(said.contains("undo.s2.undo2 1 undo 0 "), "{said}");
    // What has no undo is let go as well.
    assert!(said.contains("\nran\nundone\n0\nbeat: 72\ntaken 2\n"), "{said}");
    assert_eq!((said.matches("\"begin\"").count(), said.matches("\"end\"").count()), (3, 3), "{said}");
}

lab_test!(lab, demo, what_is_killed_is_told_and_a_critical_section_goes_back);
fn what_is_killed_is_told_and_a_critical_section_goes_back() {
    let said = on(
        DEMO.fresh(),
        r#"
take one
open one 1 a 1 'echo one >>/root/mark' 'echo back one >>/root/mark' 'sleep 60' 'echo back two >>/root/mark'
runner start one 1 a 1 1 detached | head -1
systemctl kill -s KILL ops-one-a-1-carry.service
echo "code $(over one a 1) $(readlink $d/runs/one/sections/a/1/verdict)"; cat $mark
runner poll one a 1 1 0 0
runner release one 1 && take two && echo 'released'
open two 2 b 0 'sleep 60' 'echo back three >>/root/mark'
runner start two 2 b 1 1 detached | head -1
runner release two 2; echo "release under work: $?"
runner release two 0; echo "by hand: $?"
systemctl kill -s KILL ops-two-b-1-carry.service
echo "code $(over two b 1)"
runner release two 2; echo "after it: $?"
systemctl list-timers --all --no-pager --no-legend | grep -c ops-guard; :
"#,
    );
    assert!(said.contains("running - 2\ncode 6 reverted\none\nback two\nback one\n"), "{said}");
    assert!(said.contains("s2.1 1 carry 137 0 ") && said.contains("killed from outside"), "{said}");
    assert!(said.contains("released") && said.contains("release under work: 75"), "{said}");
    assert!(said.contains("by hand: 75\ncode 1\nafter it: 0\n"), "{said}");
    assert!(said.ends_with("\n0"), "the guard is disarmed\n{said}");
}

lab_test!(lab, demo, without_a_unit_children_of_a_killed_worker_count_as_the_worker);
fn without_a_unit_children_of_a_killed_worker_count_as_the_worker() {
    let said = on(
        DEMO.fresh(),
        r#"
# As for a user without root: no units.
sed -i 's/^has_systemd() .*/has_systemd() { false; }/' /root/runner
take one
open one 1 a 0 '(sleep 3; echo late >>/root/mark) & wait' ''
runner start one 1 a 1 1 detached | head -1
read kind pid start <$d/runs/one/sections/a/1/who; kill -9 $pid
runner poll one a 1 1 0 1 | head -1
sleep 4; cat $mark
runner poll one a 1 1 0 2 | head -1
"#,
    );
    assert!(said.ends_with("running - 1\nrunning - 1\nlate\nlost - 1"), "{said}");
}

lab_test!(lab, demo, confirmed_and_reverted_exclude_each_other);
fn confirmed_and_reverted_exclude_each_other() {
    let said = on(
        DEMO.fresh(),
        r#"
take one >/dev/null
i=0
while [ $i -lt 12 ]; do
  i=$((i + 1)); rm -f $mark
  rm -rf $d/runs/one/sections
  open one 1 r$i 1 'sleep 0.3; echo done >>/root/mark' 'echo back >>/root/mark'
  runner start one 1 r$i 1 0 detached >/dev/null
  sleep 0.$((20 + i * 4))
  runner stop one 1 r$i 1 & runner guard & wait
  code=$(over one r$i 1)
  echo "$i $code $(readlink $d/runs/one/sections/r$i/1/verdict) $(cat $mark 2>/dev/null | paste -sd,)"
done
"#,
    );
    let (mut confirmed, mut reverted) = (0, 0);
    for line in said.lines() {
        match line.split(' ').collect::<Vec<_>>().as_slice() {
            [_, "0", "confirmed", "done"] => confirmed += 1,
            // The undo runs once, whether or not the step had come to its effect.
            [_, "6", "reverted", "back" | "done,back"] => reverted += 1,
            _ => panic!("neither, or both: {line}\n{said}"),
        }
    }
    assert_eq!(confirmed + reverted, 12, "{said}");
    assert!(reverted > 0, "no race was tried\n{said}");
}

lab_test!(lab, demo, past_its_point_of_no_return_a_section_is_finished_and_never_taken_back);
fn past_its_point_of_no_return_a_section_is_finished_and_never_taken_back() {
    let droplet = DEMO.fresh();
    let said = on(
        droplet,
        r#"
take one
# Killed in it: the droplet finishes it.
open one 1 a 1 'echo one >>/root/mark' 'echo back one >>/root/mark' 'echo two >>/root/mark; [ -e /root/again ] || { touch /root/again; sleep 60; }' onward 'echo three >>/root/mark' onward
rm -f /root/again; runner start one 1 a 1 1 detached | head -1
runner stop one 1 a 1; cat $mark | paste -sd,
systemctl kill -s KILL ops-one-a-1-carry.service
echo "code $(over one a 1) $(readlink $d/runs/one/sections/a/1/verdict) $(cat $mark | paste -sd,)"
runner release one 1; take two; rm -f $mark
# It cannot be done now, and can later.
open two 2 b 1 'echo one >>/root/mark' 'echo back one >>/root/mark' '[ -e /root/now ]' onward
rm -f /root/now; runner start two 2 b 1 1 detached | head -1
echo "code $(over two b 1) $(cat $mark)"
touch /root/now
runner start two 2 b 2 5 detached | head -1; cat $mark
runner release two 2; take three; rm -f $mark
open three 3 c 1 'echo one >>/root/mark' 'echo back one >>/root/mark' 'echo two >>/root/mark; [ -e /root/again ] || { touch /root/again; sync; sleep 60; }' onward
rm -f /root/again; runner start three 3 c 1 1 detached | head -1; sync
"#,
    );
    assert!(said.contains("running - 2\none,two\ncode 0 confirmed one,two,two,three\n"), "{said}");
    assert!(said.contains("code 8 one\ndone 0 1\none\n"), "{said}");
    // The droplet loses its power in the middle of it.
    droplet.power_loss();
    let said = droplet.root(
        r#"c=/var/lib/ops/t/runs/three/sections/c/1/code; n=0
until [ -s $c ] || [ $n -gt 600 ]; do n=$((n + 1)); sleep 0.1; done; echo "code $(cat $c) $(paste -sd, /root/mark)""#,
    );
    assert!(said.contains("code 0 one,two,two"), "{said}");
}

lab_test!(lab, demo, an_undo_that_is_under_way_is_not_stopped_by_another);
fn an_undo_that_is_under_way_is_not_stopped_by_another() {
    let said = on(
        DEMO.fresh(),
        r#"
take one >/dev/null
open one 1 a 1 'echo one >>/root/mark' 'sleep 3; echo back one >>/root/mark' 'exit 1' ''
runner start one 1 a 1 0 detached | head -1
sleep 1; runner stop one 1 a 1
echo "code $(over one a 1)"; cat $mark
"#,
    );
    assert!(said.ends_with("code 6\none\nback one"), "{said}");
}

lab_test!(lab, demo, a_droplet_that_loses_its_power_goes_back_when_it_is_up_again);
fn a_droplet_that_loses_its_power_goes_back_when_it_is_up_again() {
    let droplet = DEMO.fresh();
    on(
        droplet,
        r#"
take one
open one 1 a 1 'echo one >>/root/mark' 'echo back one >>/root/mark' 'sleep 120' 'echo back two >>/root/mark'
runner start one 1 a 1 1 detached
sync
"#,
    );
    droplet.power_loss();
    let said = droplet.root(&format!(
        "{} over one a 1; cat $mark",
        WORDS.replace("rm -rf $d; ", "").replace("; rm -f $mark", ";")
    ));
    assert_eq!(said, "6\none\nback two\nback one");
    assert_eq!(droplet.root("systemctl list-timers --all --no-legend | grep -c ops-guard; :"), "0");
}

lab_test!(lab, demo, what_the_laptop_does_itself_is_on_record_before_and_after_it_once);
fn what_the_laptop_does_itself_is_on_record_before_and_after_it_once() {
    let said = on(
        DEMO.fresh(),
        r#"
take one; open one 1 a 0 'echo never' ''
runner end one 1 a 1 0 5 </dev/null 2>/dev/null; echo "no begin: $?"
runner begin one 2 a 1 2>/dev/null; echo "other fence: $?"
runner begin one 1 a 1 && runner begin one 1 a 1 && runner poll one a 1 1 0 0 | head -1
runner release one 1; echo "under it: $?"
for again in 1 2; do framed 'it says' | runner end one 1 a 1 3 17; done
runner poll one a 1 1 0 0; echo
# Once more, and a section that nobody knew before.
runner begin one 1 a 2; framed '' | runner end one 1 a 2 0 9; runner poll one a 2 1 0 0
for again in 1 2; do { echo 'section b 0 1'; echo 'step s9 60 back'; framed 'echo never'; framed ''; echo end; } | runner add one 1; done
runner begin one 1 b 1
runner status one | grep -a -E '^(section|step) '
# Whoever takes the lock over is somebody else.
take one; runner status one | grep -a '^section b'
framed '' | runner end one 1 b 1 0 9 2>/dev/null; echo "late: $?"
# A laptop that gave no sign of life for a while is gone.
runner begin one 2 b 2; runner poll one b 2 1 0 0 | head -1
echo $(($(date +%s) - 30)) >$d/lock/beat
runner poll one b 2 1 0 2 | head -1
grep -c begin $d/runs/one/journal.jsonl; grep -c '"end"' $d/runs/one/journal.jsonl
"#,
    );
    let told =
        "taken 1\nno begin: 71\nother fence: 72\nrunning - 1\na step of one is at work\nunder it: 75\n";
    let ended = "done 1 1\ns1.1 0 carry 3 17 7 7\nit says\ndone 0 1\ns1.2 0 carry 0 9 0 0\n";
    let stands = "section a done 0 1,2\nstep s1 1 1\nsection b running - 1\nstep s9 1 0\n";
    let lost = "taken 2\nsection b lost - 1\nlate: 72\nrunning - 1\nlost - 1\n4\n2";
    assert_eq!(said, [told, ended, stands, lost].concat());
}
