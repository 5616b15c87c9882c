//! Programs on the laptop that are followed: what is heard of them, and that they end as a whole.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use ops::transport::laptop::{LATE, Program, run_program};

/// Its code, and all it printed.
async fn run(script: &str, dir: &Path, limit: Duration) -> (i32, String) {
    let argv = ["/bin/sh", "-c", script].map(str::to_owned);
    let vars = BTreeMap::from([("OPS_REASON".to_owned(), "$(id) 'x'".to_owned())]);
    let mut heard = Vec::new();
    let program = Program { argv: &argv, dir, vars: &vars, limit };
    let code = run_program(&program, &mut |chunk: &[u8]| heard.extend_from_slice(chunk)).await.unwrap();
    (code, String::from_utf8(heard).unwrap())
}

const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn both_streams_are_heard_in_their_order_and_the_environment_is_only_what_it_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let script =
        "echo one; echo two >&2; echo three; pwd -P; env | grep -v -E '^(_|PWD|SHLVL|OLDPWD)='; cat; exit 7";
    let (code, heard) = run(script, dir.path(), LONG).await;
    let place = dir.path().canonicalize().unwrap();
    assert_eq!(code, 7);
    assert_eq!(heard, format!("one\ntwo\nthree\n{}\nOPS_REASON=$(id) 'x'\n", place.display()));
    assert_eq!(run("kill -s KILL $$", dir.path(), LONG).await.0, 137);
}

#[tokio::test]
async fn at_the_end_of_its_time_it_ends_with_all_that_it_started() {
    let dir = tempfile::tempdir().unwrap();
    // It does not want to end, and neither does its child.
    let script = "trap '' TERM; (trap '' TERM; while :; do date >alive; sleep 0.1; done) & echo begun; sleep 60; sleep 60";
    let started = Instant::now();
    assert_eq!(run(script, dir.path(), Duration::from_secs(1)).await, (LATE, "begun\n".to_owned()));
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    is_quiet(dir.path()).await;
    // Endless output does not keep it alive.
    let (code, heard) = run("yes", dir.path(), Duration::from_secs(1)).await;
    assert!(code == LATE && heard.len() > 1 << 20);
}

#[tokio::test]
async fn what_it_leaves_behind_is_not_waited_for_and_ends_too() {
    let dir = tempfile::tempdir().unwrap();
    let started = Instant::now();
    let script = "(while :; do date >alive; sleep 0.1; done) & sleep 0.3; exit 0";
    assert_eq!(run(script, dir.path(), LONG).await.0, 0);
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    is_quiet(dir.path()).await;
    // As when somebody leaves in the middle of it.
    let argv = ["/bin/sh", "-c", "while :; do date >alive; sleep 0.1; done"].map(str::to_owned);
    let vars = BTreeMap::new();
    let program = Program { argv: &argv, dir: dir.path(), vars: &vars, limit: LONG };
    let mut deaf = |_: &[u8]| {};
    let left = tokio::time::timeout(Duration::from_secs(1), run_program(&program, &mut deaf)).await;
    assert!(left.is_err());
    is_quiet(dir.path()).await;
}

/// Nobody writes into the file `alive` any more.
async fn is_quiet(dir: &Path) {
    tokio::time::sleep(Duration::from_millis(300)).await;
    std::fs::remove_file(dir.join("alive")).unwrap();
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert!(!dir.join("alive").exists(), "a child goes on");
}

#[tokio::test]
async fn what_cannot_be_started_says_so() {
    let (dir, vars) = (tempfile::tempdir().unwrap(), BTreeMap::new());
    let argv = ["/no/such/program".to_owned()];
    let program = Program { argv: &argv, dir: dir.path(), vars: &vars, limit: LONG };
    let mut deaf = |_: &[u8]| {};
    assert!(run_program(&program, &mut deaf).await.is_err());
}
