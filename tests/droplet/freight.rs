//! Files that move in pieces: each piece, the checksum at the end, and a disk without room.

use ops::tools::freight::{self, BLOCK};

use crate::sandbox::{Sandbox, Shell};

const FILE: &str = "/var/ops/import/a b.zip";
/// Of `hello\n`.
const SUM: &str = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";

#[test]
fn file_arrives_only_with_its_checksum() {
    for shell in Shell::each() {
        let mut sandbox = Sandbox::new(shell);
        sandbox.run(&freight::expect(FILE, 6)).exits(0).says(&["0\n"]);
        sandbox.run(&freight::write(FILE, 0).stdin("hellO\n")).exits(0);
        sandbox.run(&freight::arrived(FILE, SUM)).exits(1);
        assert!(!sandbox.exists(FILE) && !sandbox.exists(&format!("{FILE}.part")), "a wrong file is kept");
        // Nothing was sent at all.
        sandbox.run(&freight::arrived(FILE, SUM)).exits(2);
        sandbox.run(&freight::write(FILE, 0).stdin("hello\n")).exits(0);
        assert_eq!(sandbox.run(&freight::expect(FILE, 6)).exits(0).out, "6\n");
        sandbox.run(&freight::arrived(FILE, SUM)).exits(0);
        assert_eq!(sandbox.read(FILE), "hello\n");
        // The answer was lost and it is asked once more.
        sandbox.run(&freight::arrived(FILE, SUM)).exits(0);
        assert_eq!(sandbox.run(&freight::expect(FILE, 6)).exits(0).out, "6\n");
        sandbox.sh("[ \"$(stat -c %a /var/ops/import)\" = 700 ] && [ \"$(stat -c %a '/var/ops/import/a b.zip')\" = 600 ]").exits(0);
    }
}

#[test]
fn piece_is_written_where_it_belongs_however_often_it_is_sent() {
    let (first, second) = ("a".repeat(usize::try_from(BLOCK).unwrap()), "b".repeat(1000));
    for shell in Shell::each() {
        let mut sandbox = Sandbox::new(shell);
        sandbox.run(&freight::expect(FILE, 70_000)).exits(0);
        for (from, piece) in [(0, &first), (BLOCK, &second), (0, &first), (BLOCK, &second)] {
            sandbox.run(&freight::write(FILE, from).stdin(piece.as_str())).exits(0);
        }
        assert_eq!(sandbox.read(&format!("{FILE}.part")), format!("{first}{second}"));
    }
}

#[test]
fn file_is_not_expected_without_room_for_the_rest_of_it() {
    for shell in Shell::each() {
        let mut sandbox = Sandbox::new(shell);
        sandbox.stub("df", "echo Filesystem; echo x x x 524388");
        // 100 KiB are free above the reserve of 512 MiB; what is there already counts.
        assert_eq!(sandbox.run(&freight::expect(FILE, 99 * 1024)).exits(0).out, "0\n");
        assert_eq!(sandbox.run(&freight::expect(FILE, 200 * 1024)).exits(75).out, "524488 524388\n");
        sandbox.write(&format!("{FILE}.part"), "x".repeat(150 * 1024));
        assert_eq!(sandbox.run(&freight::expect(FILE, 200 * 1024)).exits(0).out, "153600\n");
    }
}

#[test]
fn files_that_nobody_asked_for_in_two_days_are_removed() {
    for shell in Shell::each() {
        let mut sandbox = Sandbox::new(shell);
        for name in ["old.zip", "old.dump.part", "new.zip", "a b.zip.part"] {
            sandbox.write(&format!("/var/ops/import/{name}"), "x");
        }
        sandbox.sh("cd /var/ops/import && touch -d '3 days ago' old.zip old.dump.part && touch -d '47 hours ago' 'a b.zip.part' new.zip").exits(0);
        sandbox.run(&freight::expect(FILE, 6)).exits(0);
        assert_eq!(sandbox.sh("ls /var/ops/import").out, "a b.zip.part\nnew.zip\n");
        // It is asked for, and so young again.
        sandbox.sh("[ -n \"$(find '/var/ops/import/a b.zip.part' -mmin -5)\" ]").exits(0);
    }
}

#[test]
fn export_is_found_with_its_size_and_checksum_and_read_in_pieces() {
    for shell in Shell::each() {
        let mut sandbox = Sandbox::new(shell);
        sandbox.write(FILE, "hello\n");
        assert_eq!(sandbox.run(&freight::found(FILE)).exits(0).out, "", "it has no checksum yet");
        sandbox.write("/var/ops/import/a b.sha256", format!("{SUM}\n"));
        assert_eq!(sandbox.run(&freight::found(FILE)).exits(0).out, format!("6\n{SUM}\n"));
        assert_eq!(sandbox.run(&freight::piece(FILE, 0, 4)).exits(0).out, "hell");
        assert_eq!(sandbox.run(&freight::piece(FILE, 4, 100)).exits(0).out, "o\n");
        assert_eq!(sandbox.run(&freight::beginning(FILE, 6)).exits(0).out, format!("{SUM}  -\n"));
        sandbox.run(&freight::remove(FILE)).exits(0);
        assert_eq!(sandbox.sh("ls /var/ops/import").out, "");
    }
}
