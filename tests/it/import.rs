//! Archives that somebody made who means harm, before anything of them is a database: refused, and nothing got out.

use std::path::Path;
use std::process::{Command, Output};

use ops::tools::import::JUDGE;
use tempfile::TempDir;

/// What a whole one is made of; a case adds to it, or takes from it.
const GOOD: &str = r#"
import hashlib, io, os, stat, struct, sys, zipfile, zlib
out = sys.argv[1]
DATA = b"one attachment"; SUM = hashlib.sha1(DATA).hexdigest(); NAME = "filestore/%s/%s" % (SUM[:2], SUM)
def entry(name, mode=0): i = zipfile.ZipInfo(name); i.external_attr = mode << 16; i.compress_type = zipfile.ZIP_DEFLATED; return i
z = zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED)
def good(dump=b"-- dump"):
    z.writestr("dump.sql", dump); z.writestr("manifest.json", '{"odoo_dump": "1"}'); z.writestr(NAME, DATA)
def patch(a, b, count=-1):
    z.close(); data = open(out, "rb").read(); assert a in data; open(out, "wb").write(data.replace(a, b, count))
"#;

fn made(dir: &Path, case: &str) -> std::path::PathBuf {
    let file = dir.join("sent");
    let program = format!("{GOOD}\n{case}\nz.close()");
    let made = python(&program, &[&file.to_string_lossy()]);
    assert!(made.status.success(), "{case}\n{}", String::from_utf8_lossy(&made.stderr));
    file
}

#[expect(clippy::disallowed_methods, reason = "the judge is what it is on a droplet")]
fn python(program: &str, args: &[&str]) -> Output {
    Command::new("python3").args(["-W", "ignore", "-c", program]).args(args).output().unwrap()
}

fn judged(case: &str, kind: &str) -> (TempDir, Output) {
    let dir = tempfile::tempdir().unwrap();
    let file = made(dir.path(), case);
    std::fs::create_dir(dir.path().join("got")).unwrap();
    let got = dir.path().join("got");
    let out = python(&JUDGE.text(), &[&file.to_string_lossy(), &got.to_string_lossy(), kind, "1024"]);
    (dir, out)
}

#[test]
fn a_zip_of_odoo_is_unpacked() {
    let (dir, out) = judged(
        "good(); z.writestr(entry('filestore/', stat.S_IFDIR | 0o755), ''); z.writestr('filestore/checklist/%s/%s' % (SUM[:2], SUM), '')",
        "zip",
    );
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(out.status.success() && said.contains("dump.sql, 1 files"), "{said} {out:?}");
    assert_eq!(std::fs::read(dir.path().join("got/dump.sql")).unwrap(), b"-- dump");
    assert!(!dir.path().join("got/filestore/checklist").exists());
    let (_dir, out) = judged("z.writestr('dump.sql', '-- dump')", "zip");
    assert!(out.status.success(), "without files and without a manifest");
}

#[track_caller]
fn refused(case: &str, words: &str) {
    let (dir, out) = judged(case, "zip");
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    assert_eq!(out.status.code(), Some(1), "{case}\n{said}{}", String::from_utf8_lossy(&out.stderr));
    assert!(said.lines().last().unwrap_or_default().contains(words), "{case}\nwanted: {words}\nsaid: {said}");
    let mut there: Vec<_> =
        std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    there.sort();
    assert_eq!(there, ["got", "sent"], "{case}: something got out");
}

#[test]
fn paths_that_lead_out_are_refused() {
    for name in ["/etc/cron.d/evil", "../evil", "filestore/../../evil", "..\\\\evil", "dump.sql\\0.png"] {
        refused(
            &format!("good(); i = entry('x'); i.filename = i.orig_filename = '{name}'; z.writestr(i, 'x')"),
            "leads out of it",
        );
    }
    for name in
        ["evil.sh", "filestore/evil", "filestore/ab/evil", "dump.sql/x", "Filestore/ab", "filestore/zz/"]
    {
        refused(&format!("good(); z.writestr('{name}', '')"), "that no backup of Odoo has");
    }
    refused("good(); z.writestr('filestore/ff/' + SUM, DATA)", "that no backup of Odoo has");
}

#[test]
fn links_devices_and_what_is_there_twice_are_refused() {
    for mode in ["stat.S_IFLNK", "stat.S_IFCHR", "stat.S_IFBLK", "stat.S_IFIFO", "stat.S_IFSOCK"] {
        refused(
            &format!("good(); z.writestr(entry('filestore', {mode} | 0o777), '/etc')"),
            "a link or a device",
        );
    }
    refused("good(); z.writestr('dump.sql', 'again')", "'dump.sql' twice");
    refused("good(); z.writestr('db.dump', 'PGDMP')", "two dumps");
    refused("z.writestr(NAME, DATA)", "no dump.sql");
}

#[test]
fn bombs_are_refused() {
    refused("good(b'\\0' * (200 << 20))", "is a bomb");
    // Smaller than it is, and larger: of both the sizes in the directory are believed by nobody.
    refused(
        "good(b'x' * 5000000); patch(struct.pack('<L', 5000000), struct.pack('<L', 10))",
        "cannot be read to its end",
    );
    refused("good(b'x' * 5000000); patch(struct.pack('<L', 5000000), struct.pack('<L', 6000000))", "is cut");
    // Two entries of one heap of bytes.
    refused(
        "z.writestr(NAME, DATA * 9); z.writestr('dump.sql', 'x'); a = z.getinfo(NAME); b = z.getinfo('dump.sql'); b.header_offset = a.header_offset + 10",
        "overlap",
    );
    // More than there can be room for.
    let (_dir, out) = judged(
        "good(); z.writestr('filestore/aa/' + 'a' * 40, ''); i = z.getinfo('filestore/aa/' + 'a' * 40); i.file_size = i.compress_size = 1 << 60",
        "zip",
    );
    assert_ne!(out.status.code(), Some(0));
    refused("good(); z.writestr('filestore/checklist/aa/' + 'a' * 40, 'x' * 5000)", "too large");
}

#[test]
fn what_is_broken_is_refused() {
    refused("good(); z.writestr('filestore/aa/' + 'a' * 40, 'other')", "not what its name says");
    refused("good(); patch(b'dump.sql', b'dumq.sql', 1)", "cannot be read to its end");
    refused(
        "good(os.urandom(9000)); z.close(); f = open(out, 'r+b'); f.seek(500); f.write(b'XXXX')",
        "cannot be read to its end",
    );
    refused("good(); z.close(); f = open(out, 'r+b'); f.truncate(100)", "its end is missing");
    refused(
        "good(); z.close(); d = bytearray(open(out, 'rb').read()); n = d.rfind(b'PK\\x01\\x02'); d[n + 8] |= 1; open(out, 'wb').write(d)",
        "encrypted",
    );
    refused("z.writestr('dump.sql', '--'); z.writestr('manifest.json', '[')", "manifest.json is none");
    refused(
        "z.writestr('dump.sql', '--'); z.writestr('manifest.json', '[' * 100000)",
        "manifest.json is none",
    );
    refused(
        "z.writestr('dump.sql', '--'); z.writestr(zipfile.ZipInfo('manifest.json'), '{}', zipfile.ZIP_BZIP2)",
        "packed in a way",
    );
}

#[test]
fn a_folder_is_judged_like_a_zip() {
    let tar = |members: &str| {
        format!(
            "import tarfile\nt = tarfile.open(out + '.tar', 'w')\ndef put(name, data=b'', type=tarfile.REGTYPE, link=''):\n    i = tarfile.TarInfo(name); i.size = len(data); i.type = type; i.linkname = link; t.addfile(i, io.BytesIO(data))\n{members}\nt.close(); z.close(); os.replace(out + '.tar', out); z.fp = None"
        )
    };
    let (_dir, out) =
        judged(&tar("put('db.dump', b'PGDMP'); put(NAME, DATA); put('manifest.json', b'{}')"), "tar");
    assert!(out.status.success(), "{out:?}");
    for (members, words) in [
        ("put('db.dump', b'x'); put('../evil', b'x')", "leads out of it"),
        ("put('db.dump', b'x'); put(NAME, b'', tarfile.SYMTYPE, '/etc/shadow')", "a link or a device"),
        ("put('db.dump', b'x'); put(NAME, b'', tarfile.LNKTYPE, 'db.dump')", "a link or a device"),
        ("put('db.dump', b'x'); put('db.dump', b'y')", "twice"),
    ] {
        let (_dir, out) = judged(&tar(members), "tar");
        let said = String::from_utf8_lossy(&out.stdout).into_owned();
        assert!(out.status.code() == Some(1) && said.contains(words), "{members}\n{out:?}");
    }
}
