//! Secrets: where they come from, what is refused, and that commands run only when trusted.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use ops::inventory::trust::{self, Trust};
use ops::inventory::{Inventory, Source, load, resolve};
use ops::transport::laptop::run_laptop;

use super::world::world;
use super::{SMALL, rendered};

fn cmd(words: &[&str]) -> Source {
    Source::Cmd(words.iter().map(|word| (*word).to_owned()).collect())
}

#[tokio::test]
async fn from_the_environment_a_file_and_a_command() {
    let dir = tempfile::tempdir().unwrap();
    let mut world = world(dir.path());
    world.env.insert("PW".to_owned(), "one 'two'".to_owned());
    fs::write(dir.path().join("pw"), "from file\r\n").unwrap();
    let value =
        async |source: &Source| resolve(source, &world, Trust::Trusted).await.unwrap().expose().to_owned();
    assert_eq!(value(&Source::Env("PW".to_owned())).await, "one 'two'");
    assert_eq!(value(&Source::File(dir.path().join("pw"))).await, "from file");
    // No shell: what looks like one is an argument.
    assert_eq!(value(&cmd(&["printf", "%s\\nsecond", "$(id) first"])).await, "$(id) first");
}

#[tokio::test]
async fn secrets_that_are_none_are_one_error_each() {
    let dir = tempfile::tempdir().unwrap();
    let mut world = world(dir.path());
    world.env.insert("EMPTY".to_owned(), String::new());
    world.env.insert("LINES".to_owned(), "canary-1\ncanary-2".to_owned());
    let path = |name: &str| dir.path().join(name);
    write_unfit(dir.path());
    let mut shown = String::new();
    let env = ["MISSING", "EMPTY", "LINES"].map(|name| Source::Env(name.to_owned()));
    let files =
        ["missing", "large", "empty", "nul", "open", "pipe", "."].map(|name| Source::File(path(name)));
    let commands = [
        cmd(&["/no/such/program"]),
        cmd(&["sh", "-c", "echo canary; echo why not >&2; exit 3"]),
        cmd(&["true"]),
        cmd(&["printf", "\\377"]),
        cmd(&["yes", "canary"]),
    ];
    for source in env.into_iter().chain(files).chain(commands) {
        let error = resolve(&source, &world, Trust::Trusted).await.expect_err("this is no secret");
        assert_eq!(error.exit.code(), 2);
        shown.push_str(&rendered(&error).replace(&dir.path().display().to_string(), ""));
    }
    insta::assert_snapshot!(shown, @r###"
    the variable $MISSING is not set (exit 2)
      why: the inventory takes a secret from it
      next: set it for this command: MISSING=… ops …
    the variable $EMPTY is not set (exit 2)
      why: the inventory takes a secret from it
      next: set it for this command: EMPTY=… ops …
    the secret from $LINES is more than one line of text (exit 2)
    cannot take a secret from /missing (exit 2)
      why: No such file or directory (os error 2)
    cannot take a secret from /large (exit 2)
      why: it is larger than 64 KiB
    the secret from /empty is empty (exit 2)
    the secret from /nul is more than one line of text (exit 2)
    cannot take a secret from /open (exit 2)
      why: everyone may write to it
      next: chmod o-w /open
    cannot take a secret from /pipe (exit 2)
      why: it is not a plain file
    cannot take a secret from /. (exit 2)
      why: it is not a plain file
    `/no/such/program` on this machine gave no answer (exit 2)
      why: No such file or directory (os error 2)
    `sh -c echo canary; echo why not >&2; exit 3` on this machine gave no answer (exit 2)
      why: exit status: 3
      why not
    the secret from `true` is empty (exit 2)
    what `printf \377` prints is not UTF-8 text (exit 2)
    `yes canary` on this machine gave no answer (exit 2)
      why: it printed more than 65536 bytes
    "###);
    assert!(!shown.contains("canary-") && !shown.contains("canary\n"));
}

/// Files that are no secret.
fn write_unfit(dir: &Path) {
    let path = |name: &str| dir.join(name);
    fs::write(path("large"), vec![b'x'; 65 << 10]).unwrap();
    fs::write(path("empty"), "\n").unwrap();
    fs::write(path("nul"), "canary\0").unwrap();
    fs::write(path("open"), "canary").unwrap();
    fs::set_permissions(path("open"), fs::Permissions::from_mode(0o666)).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, path("pipe"), rustix::fs::Mode::RWXU).unwrap();
}

#[tokio::test]
async fn a_command_has_an_end_and_takes_its_children_along() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("alive").display().to_string();
    let script = "(while :; do date > \"$1\"; sleep 0.1; done) & sleep 60";
    let argv: Vec<String> = ["sh", "-c", script, "sh", &file].map(str::to_owned).to_vec();
    let started = Instant::now();
    let error = run_laptop(&argv, Duration::from_secs(1), 1024).await.unwrap_err();
    assert!(error.why[0].contains("longer than 1 s"), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(20));
    tokio::time::sleep(Duration::from_millis(300)).await;
    fs::remove_file(&file).unwrap();
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert!(!Path::new(&file).exists(), "a child goes on");
    // It has nothing to read, so what asks gets no answer at once.
    let argv: Vec<String> = ["cat".to_owned()].to_vec();
    assert_eq!(run_laptop(&argv, Duration::from_secs(10), 1024).await.unwrap(), b"");
}

fn with_command(dir: &Path) -> Inventory {
    let text = SMALL.replace("odoo }", "odoo, env: { A: { cmd: [./tool, show] }, B: { env: B } } }");
    fs::create_dir_all(dir.join("project/sub")).unwrap();
    let path = dir.join("project/ops.yaml");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    load(&path, &world(dir)).unwrap()
}

#[tokio::test]
async fn commands_run_only_after_the_text_was_trusted() {
    let dir = tempfile::tempdir().unwrap();
    let world = world(dir.path());
    let inventory = with_command(dir.path());
    assert_eq!(trust::state(&inventory, &world).unwrap(), Trust::Ask);
    // A program with a slash is found beside the inventory, wherever one stands.
    assert_eq!(
        trust::commands(&inventory),
        [format!("on the laptop: {}/project/./tool show", dir.path().display())]
    );
    let marker = dir.path().join("ran").display().to_string();
    for trust in [Trust::Ask, Trust::NotNeeded] {
        let error = resolve(&cmd(&["touch", &marker]), &world, trust).await.unwrap_err();
        assert_eq!(error.exit.code(), 3);
    }
    assert!(!Path::new(&marker).exists());

    trust::record(&inventory, &world).unwrap();
    assert_eq!(trust::state(&inventory, &world).unwrap(), Trust::Trusted);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&world.state_dir.join("trusted")), mode(&world.state_dir)), (0o600, 0o700));

    // One more blank is another text, and another place is another inventory.
    let mut text = fs::read_to_string(&inventory.file).unwrap();
    text.push(' ');
    fs::write(&inventory.file, text).unwrap();
    let changed = load(&inventory.file, &world).unwrap();
    assert_eq!(trust::state(&changed, &world).unwrap(), Trust::Ask);
    let elsewhere = Inventory { file: dir.path().join("project/other.yaml"), ..inventory.clone() };
    fs::copy(&inventory.file, &elsewhere.file).unwrap();
    assert_eq!(trust::state(&elsewhere, &world).unwrap(), Trust::Ask);

    // A record that others may write says nothing.
    fs::set_permissions(world.state_dir.join("trusted"), fs::Permissions::from_mode(0o666)).unwrap();
    assert_eq!(trust::state(&inventory, &world).unwrap(), Trust::Ask);
}

#[test]
fn a_file_that_others_may_write_is_never_trusted() {
    let dir = tempfile::tempdir().unwrap();
    let world = world(dir.path());
    let inventory = with_command(dir.path());
    for mode in [0o664, 0o646] {
        fs::set_permissions(&inventory.file, fs::Permissions::from_mode(mode)).unwrap();
        let error = trust::state(&inventory, &world).unwrap_err();
        assert_eq!((error.exit.code(), error.next[0].starts_with("chmod go-w ")), (2, true));
    }
    fs::set_permissions(&inventory.file, fs::Permissions::from_mode(0o600)).unwrap();
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(&inventory.file, Some(65_534), None).unwrap();
        assert!(trust::state(&inventory, &world).unwrap_err().why[0].contains("another user"));
    }
    // What runs nothing needs no trust, whoever may write it.
    fs::write(&inventory.file, SMALL).unwrap();
    let harmless = load(&inventory.file, &world).unwrap();
    assert_eq!(trust::state(&harmless, &world).unwrap(), Trust::NotNeeded);
}
