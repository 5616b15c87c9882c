//! Where control sockets live: a short directory of ours, and nothing left in it.

use std::fs::DirBuilder;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::TransportError;
use super::wire::nonce;
use crate::inventory::SshAddress;

/// ssh binds `<path>.<16 random letters>` first; 104 bytes is macOS's limit, Linux has 108.
const LONGEST: usize = 104 - 17 - 1;

/// Files of connections that failed or were killed are swept after this many seconds.
const STALE: i64 = 3600;

/// Makes the directory if it is missing and refuses one that somebody else could have prepared.
pub(super) fn prepare(dir: &Path, now: Timestamp) -> Result<(), TransportError> {
    let refuse = |why: &str| {
        Err(TransportError::Other { detail: format!("{} cannot hold ssh's sockets: {why}", dir.display()) })
    };
    if let Err(error) = DirBuilder::new().recursive(true).mode(0o700).create(dir) {
        return refuse(&error.to_string());
    }
    let found = match std::fs::symlink_metadata(dir) {
        Ok(found) => found,
        Err(error) => return refuse(&error.to_string()),
    };
    if !found.is_dir() {
        return refuse("it is not a directory (a symlink is not accepted)");
    }
    if found.uid() != nix::unistd::geteuid().as_raw() {
        return refuse("it belongs to another user");
    }
    if found.mode() & 0o077 != 0 {
        return refuse("others may enter it; run: chmod 700");
    }
    sweep(dir, now);
    Ok(())
}

/// A path nobody else uses, for a new master.
pub(super) fn fresh(dir: &Path) -> Result<PathBuf, TransportError> {
    let name = nonce()?;
    short(dir.join(format!("o{}", &name[..12])))
}

/// The path of the warm master for this way of reaching a droplet.
pub(super) fn warm(dir: &Path, address: &SshAddress) -> Result<PathBuf, TransportError> {
    let SshAddress { host, port, user, jump, identity, config, known_hosts, connect_timeout: _, r#become: _ } =
        address;
    let key = format!("{:?}", (host, port, user, jump, identity, config, known_hosts));
    let hash = Sha256::digest(key.as_bytes());
    let name: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    short(dir.join(format!("w{name}")))
}

fn short(path: PathBuf) -> Result<PathBuf, TransportError> {
    let length = path.as_os_str().len();
    if length > LONGEST {
        let dir = path.parent().unwrap_or(&path).display();
        return Err(TransportError::Other {
            detail: format!("the directory for ssh's sockets is too long by {}: {dir}", length - LONGEST),
        });
    }
    Ok(path)
}

/// Removes what dead connections left. A master removes its own socket when it ends, so only files
/// of killed ones and logs of failed ones are found here.
fn sweep(dir: &Path, now: Timestamp) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        let ours = entry.file_name().to_string_lossy().starts_with(['o', 'w']);
        let Ok(found) = entry.metadata() else { continue };
        if ours && found.mtime() + STALE < now.as_second() && !answers(&entry.path()) {
            // Another ops may be sweeping, too.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

fn answers(socket: &Path) -> bool {
    std::os::unix::net::UnixStream::connect(socket).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn now() -> Timestamp {
        Timestamp::from_second(1_700_000_000).unwrap()
    }

    #[test]
    fn a_missing_directory_is_made_for_us_alone() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join("a/b");
        prepare(&dir, now()).unwrap();
        assert_eq!(std::fs::metadata(&dir).unwrap().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_symlink_a_file_and_an_open_directory_are_refused() {
        let temp = tempfile::tempdir().unwrap();
        let real = temp.path().join("real");
        prepare(&real, now()).unwrap();
        let link = temp.path().join("link");
        std::os::unix::fs::symlink(&real, &link).unwrap();
        assert!(prepare(&link, now()).unwrap_err().to_string().contains("symlink"));
        let file = temp.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(prepare(&file, now()).is_err());
        std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o750)).unwrap();
        assert!(prepare(&real, now()).unwrap_err().to_string().contains("chmod 700"));
    }

    #[test]
    fn a_path_that_ssh_cannot_bind_is_refused_before_ssh_sees_it() {
        let dir = PathBuf::from(format!("/tmp/{}", "x".repeat(80)));
        assert!(fresh(&dir).unwrap_err().to_string().contains("too long"));
        assert!(fresh(Path::new("/tmp/ops-0")).is_ok());
    }

    #[test]
    fn old_files_are_swept_and_young_ones_stay() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join("d");
        prepare(&dir, now()).unwrap();
        std::fs::write(dir.join("o1.log"), "").unwrap();
        std::fs::write(dir.join("else"), "").unwrap();
        let written = std::fs::metadata(dir.join("o1.log")).unwrap().mtime();
        prepare(&dir, Timestamp::from_second(written + STALE - 5).unwrap()).unwrap();
        assert!(dir.join("o1.log").exists());
        prepare(&dir, Timestamp::from_second(written + STALE + 5).unwrap()).unwrap();
        assert!(!dir.join("o1.log").exists());
        assert!(dir.join("else").exists());
    }
}
