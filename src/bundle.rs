//! A run as one archive for a colleague: what is in it, and what must not be.
//!
//! The droplet takes the values of the stack's `.env` out before anything leaves it; here, whatever looks
//! like a secret goes as well. Pure.

use std::io;

use crate::inventory::hide;

/// One file of the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub name: String,
    pub text: String,
}

/// The archive, gzipped. `top`: the directory that everything is in; `at`: seconds since the epoch.
///
/// # Errors
/// Never for texts of a sane size.
pub fn archive(top: &str, files: &[File], at: u64) -> io::Result<Vec<u8>> {
    let packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let mut tar = tar::Builder::new(packed);
    for file in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(file.text.len() as u64);
        header.set_mode(0o600);
        header.set_mtime(at);
        tar.append_data(&mut header, format!("{top}/{}", file.name), file.text.as_bytes())?;
    }
    tar.into_inner()?.finish()
}

/// Every line without what looks like a secret: values under names that promise one, and logins in URLs.
pub fn redacted(text: &str) -> String {
    text.lines().map(|line| redacted_line(line) + "\n").collect()
}

fn redacted_line(line: &str) -> String {
    let words: Vec<String> = line.split(' ').map(word).collect();
    words.join(" ")
}

/// `NAME=value`, `--name=value`, `"name":"value"`, `https://user:password@host`.
fn word(text: &str) -> String {
    for mark in ["\":\"", "\": \"", "="] {
        let Some((name, value)) = text.split_once(mark) else { continue };
        let last = name.rsplit(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').next().unwrap_or(name);
        if hide::is_secret_name(last) && !value.is_empty() {
            let rest = value.find(['"', ',', '\'']).map_or("", |end| &value[end..]);
            return format!("{name}{mark}***{rest}");
        }
    }
    match text.find("://") {
        Some(_) => hide::url(text),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_secret_is_taken_out_and_the_rest_stays() {
        for (text, wanted) in [
            ("POSTGRES_PASSWORD=canary", "POSTGRES_PASSWORD=***"),
            ("odoo --db_password=canary --workers=2", "odoo --db_password=*** --workers=2"),
            (r#"{"admin_passwd":"canary","port":8069}"#, r#"{"admin_passwd":"***","port":8069}"#),
            (
                "fetch https://bot:canary@git.example.com/x.git failed",
                "fetch https://***@git.example.com/x.git failed",
            ),
            ("https://canary@git.example.com/x", "https://***@git.example.com/x"),
            ("recreate odoo on release 20261121", "recreate odoo on release 20261121"),
            ("state=running step=switch.web", "state=running step=switch.web"),
        ] {
            assert_eq!(redacted(text), format!("{wanted}\n"));
        }
    }

    #[test]
    fn an_archive_is_read_back_by_tar() {
        let files = [File { name: "erp-1/run.json".into(), text: "{}\n".into() }];
        let bytes = archive("demo-run", &files, 1_700_000_000).unwrap();
        let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(bytes.as_slice()));
        let entry = tar.entries().unwrap().next().unwrap().unwrap();
        assert_eq!(entry.path().unwrap().to_string_lossy(), "demo-run/erp-1/run.json");
        assert_eq!((entry.size(), entry.header().mode().unwrap()), (3, 0o600));
    }
}
