//! Where the inventory is looked for, and files that are none.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;

use ops::inventory::{find, load};
use ops::world::{Terminal, World};

use super::{SMALL, rendered};

/// A world whose everything is below `dir`; one stands in `dir/project/sub`.
pub(crate) fn world(dir: &Path) -> World {
    fs::create_dir_all(dir.join("project/sub")).unwrap();
    World {
        env: BTreeMap::new(),
        cwd: dir.join("project/sub"),
        home: dir.join("home"),
        program: None,
        config_dir: dir.join("config"),
        state_dir: dir.join("state/ops"),
        runtime_dir: dir.join("run"),
        operator: "test@laptop".to_owned(),
        clock: Arc::new(|| jiff::Timestamp::UNIX_EPOCH),
        terminal: Terminal { stdin: false, stdout: false, stderr: false },
    }
}

#[test]
fn it_is_looked_for_where_the_example_says() {
    let dir = tempfile::tempdir().unwrap();
    let mut world = world(dir.path());
    // Above the temporary directory somebody may have left one.
    let nowhere = World { cwd: "/nowhere/project".into(), ..world.clone() };
    let error = rendered(&find(&nowhere, None).unwrap_err()).replace(&dir.path().display().to_string(), "");
    insta::assert_snapshot!(error, @r###"
    there is no inventory (exit 2)
      why: neither --config nor $OPS_CONFIG is given
      why: /nowhere/project/ops.yaml and ops.yaml in the directories above do not exist
      why: /config/config.yaml does not exist
      next: copy config.example.yaml to /nowhere/project/ops.yaml and describe your droplets in it
    "###);
    fs::create_dir_all(&world.config_dir).unwrap();
    fs::write(world.config_dir.join("config.yaml"), SMALL).unwrap();
    assert_eq!(find(&nowhere, None).unwrap(), dir.path().join("config/config.yaml"));
    fs::write(dir.path().join("project/ops.yaml"), SMALL).unwrap();
    assert_eq!(find(&world, None).unwrap(), dir.path().join("project/ops.yaml"));
    fs::create_dir(world.cwd.join("ops.yaml")).unwrap();
    assert_eq!(
        find(&world, None).unwrap(),
        dir.path().join("project/ops.yaml"),
        "a directory is no inventory"
    );
    world.env.insert("OPS_CONFIG".to_owned(), "other.yaml".to_owned());
    assert_eq!(find(&world, None).unwrap(), world.cwd.join("other.yaml"));
    assert_eq!(find(&world, Some(Path::new("../x.yaml"))).unwrap(), world.cwd.join("../x.yaml"));
    assert_eq!(find(&world, Some(Path::new("/x.yaml"))).unwrap(), Path::new("/x.yaml"));
}

#[test]
fn what_another_user_laid_in_the_way_is_not_taken() {
    if !rustix::process::geteuid().is_root() {
        // Only root can make a file that belongs to somebody else.
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let world = world(dir.path());
    let path = dir.path().join("ops.yaml");
    fs::write(&path, SMALL).unwrap();
    std::os::unix::fs::chown(&path, Some(65_534), None).unwrap();
    let error = find(&world, None).unwrap_err();
    assert!(error.what.ends_with("belongs to another user"), "{error:?}");
    assert_eq!(error.exit.code(), 2);
    assert_eq!(load(&find(&world, Some(&path)).unwrap(), &world).unwrap().project, "demo");
}

#[test]
fn files_that_cannot_be_read_are_one_error_each() {
    let dir = tempfile::tempdir().unwrap();
    let world = world(dir.path());
    let path = |name: &str| dir.path().join(name);
    fs::create_dir(path("directory")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, path("pipe"), rustix::fs::Mode::RWXU).unwrap();
    symlink("loop", path("loop")).unwrap();
    fs::write(path("large"), vec![b'#'; 10 << 20]).unwrap();
    fs::write(path("bytes"), b"version: 1\nproject: \xff\n").unwrap();
    fs::write(path("wide"), "version: 1\n".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>())
        .unwrap();
    let mut shown = String::new();
    for name in ["missing", "directory", "pipe", "loop", "large", "bytes", "wide", "missing/below"] {
        let error = load(&path(name), &world).unwrap_err();
        assert_eq!(error.exit.code(), 2);
        shown.push_str(&rendered(&error).replace(&format!("{}/", dir.path().display()), ""));
    }
    shown.push_str(&rendered(&load(Path::new("/dev/zero"), &world).unwrap_err()));
    insta::assert_snapshot!(shown, @r###"
    there is no inventory missing (exit 2)
      next: check --config and $OPS_CONFIG
      next: copy config.example.yaml there and describe your droplets in it
    cannot read the inventory directory (exit 2)
      why: it is a directory
    cannot read the inventory pipe (exit 2)
      why: it is not a plain file
    cannot read the inventory loop (exit 2)
      why: Too many levels of symbolic links (os error 40)
    large: an inventory has at most 1048576 bytes (exit 2)
      why: this file is larger; it was not read to its end
    bytes:2:10: this is not UTF-8 text (exit 2)
    wide:1:2: a NUL byte has no place here (exit 2)
         1 | v�e�r�s�i�o�n�:� �1�
           |  ^
         2 | �
    there is no inventory missing/below (exit 2)
      next: check --config and $OPS_CONFIG
      next: copy config.example.yaml there and describe your droplets in it
    cannot read the inventory /dev/zero (exit 2)
      why: it is not a plain file
    "###);
}

#[test]
fn relative_paths_start_at_the_inventory() {
    let dir = tempfile::tempdir().unwrap();
    let world = world(dir.path());
    let text =
        SMALL.replace("203.0.113.1", "203.0.113.1, identity: keys/id, known_hosts: ~/known, config: /etc/x");
    fs::write(dir.path().join("project/ops.yaml"), text).unwrap();
    let inventory = load(&find(&world, None).unwrap(), &world).unwrap();
    let ops::inventory::Address::Ssh(ssh) = &inventory.environments["prod"].droplets[0].address else {
        panic!("ssh was expected");
    };
    assert_eq!(ssh.identity, Some(dir.path().join("project/keys/id")));
    assert_eq!(ssh.known_hosts, Some(dir.path().join("home/known")));
    assert_eq!(ssh.config.as_deref(), Some(Path::new("/etc/x")));
}
