//! What paths may look like, on the droplet and on the laptop.
//!
//! Paths of a droplet go into Compose models, systemd units and nginx files, which all have their own
//! special characters; a path is therefore letters, digits, blanks and a few marks, and never `..`.

use std::path::{Path, PathBuf};

use camino::Utf8PathBuf;

use super::words::{Checked, line, show};

/// A place on the droplet: absolute, and not `/` itself.
pub(super) fn absolute(text: &str) -> Checked<Utf8PathBuf> {
    let path = remote(text)?;
    match text {
        absolute if absolute.starts_with('/') && path != "/" => Ok(path),
        absolute if absolute.starts_with('/') => Err("`/` itself cannot be meant here".to_owned()),
        _ => Err(format!("{} is not an absolute path", show(text))),
    }
}

fn remote(text: &str) -> Checked<Utf8PathBuf> {
    let refused = |why: &str| Err(format!("{} is not a path for a droplet\n{why}", show(text)));
    if text.is_empty() || text.len() > 1024 {
        return refused("1 to 1024 bytes");
    }
    if let Some(c) = text.chars().find(|c| !c.is_alphanumeric() && !" ._-+@/".contains(*c)) {
        return refused(&format!(
            "`{}` is not allowed: letters, digits, blanks and `._-+@/` are",
            c.escape_default()
        ));
    }
    let parts: Vec<&str> = text.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    for part in &parts {
        if *part == ".." {
            return refused("`..` is not allowed");
        }
        if part.starts_with(['-', ' ']) || part.ends_with(' ') || part.len() > 255 {
            return refused(
                "a part starts with `-` or a blank, ends with a blank, or is longer than 255 bytes",
            );
        }
    }
    let root = if text.starts_with('/') { "/" } else { "" };
    Ok(Utf8PathBuf::from(format!("{root}{}", parts.join("/"))))
}

/// Something below the stack's path: relative, and not the path itself.
pub(super) fn below(text: &str) -> Checked<Utf8PathBuf> {
    let path = remote(text)?;
    if path.is_absolute() || path.as_str().is_empty() {
        return Err(format!("{} is not a path below the stack's path", show(text)));
    }
    Ok(path)
}

/// A file of the laptop, as written: `~/x`, absolute, or relative to the inventory's directory.
pub(super) fn local(text: &str) -> Checked<String> {
    line(text)?;
    if text.is_empty()
        || text.trim() != text
        || (text.starts_with('~') && text != "~" && !text.starts_with("~/"))
    {
        return Err(format!("{} is not a path\n`~` means your own home directory", show(text)));
    }
    Ok(text.to_owned())
}

/// A file of the laptop that is handed to ssh, which gives `%`, `$` and quotes a meaning of its own.
pub(super) fn of_ssh(text: &str) -> Checked<String> {
    if let Some(c) = text.chars().find(|c| "%$\"'\\".contains(*c)) {
        return Err(format!("{} is not a path for ssh\nssh gives `{c}` a meaning of its own", show(text)));
    }
    local(text)
}

/// The path a checked text stands for.
pub(super) fn resolve(text: &str, home: &Path, directory: &Path) -> PathBuf {
    match text.strip_prefix('~') {
        Some(rest) => home.join(rest.trim_start_matches('/')),
        None => directory.join(text),
    }
}
