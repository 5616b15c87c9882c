//! A backup leaves as a zip of Odoo's, and one that somebody made comes in: what it holds is believed to be hostile.

use ops::cmd::Cmd;
use ops::record::BackupRecord;
use ops::tools::export::{self, Export};
use ops::tools::import::{self, Import};

use super::backup::back_up;
use super::restore::newest;
use super::stack::{DIR, FAILS, FILES, PASSWORD, REPOSITORY, Stack};
use crate::sandbox::{Ran, Shell};

/// Exports the newest backup; the path of the zip.
fn export(stack: &mut Stack, id: &str) -> (Ran, String) {
    let snapshot = newest(stack);
    let step = |step| stack.tool().export(step, id, &snapshot);
    let all: Vec<Cmd> = [Export::Ready, Export::Fetch, Export::Sql, Export::Zip].map(step).into();
    let close = step(Export::Close);
    let ran = stack.run_all(&all);
    stack.run(&close).exits(0);
    stack.run(&close).exits(0);
    assert!(!stack.exists(&format!("{DIR}/backup/exporting")));
    (ran, export::place(DIR, id))
}

/// Brings a file in, to the step that fails, and ends it.
fn bring_in(stack: &mut Stack, sent: &str, name: &str) -> Ran {
    let ready = Import::Ready { env: "prod", name, missing: 0 };
    let steps =
        [ready, Import::Judge, Import::Load, Import::Read, Import::Dump, Import::Store, Import::Confirm];
    let all: Vec<Cmd> = steps.map(|step| stack.tool().import(step, sent)).into();
    let ran = stack.run_all(&all);
    let close = stack.tool().import(Import::Close, sent);
    stack.run(&close).exits(0);
    let left = stack
        .sh(&format!("ls -d {DIR}/backup/importing; /stubs/engine ps -aq --filter label=ops.backup=odoo"));
    assert_eq!(left.out, "", "something of the import is left\n{ran}");
    ran
}

fn imported(stack: &Stack) -> usize {
    let all = stack.snapshots(REPOSITORY);
    all.iter().filter(|one| one["tags"].as_array().unwrap().contains(&"imported".into())).count()
}

#[test]
fn export_is_a_zip_that_import_takes() {
    let mut stack = Stack::new(Shell::Dash);
    stack.empty_servers();
    for shell in Shell::each() {
        stack.again(shell);
        let id = back_up(&mut stack);
        let before = stack.production();
        let (ran, zip) = export(&mut stack, &id);
        ran.exits(0);
        let listed = stack.sh(&format!("/usr/bin/python3 -m zipfile -l {zip}; cd {DIR}/backup/export && echo \"$(cat {id}.sha256)  {id}.zip\" | sha256sum -c; stat -c %a ."));
        listed.exits(0).says(&[
            "dump.sql",
            "manifest.json",
            &format!("filestore/{}", FILES[0].0),
            ".zip: OK",
            "700",
        ]);
        let sent = import::place(DIR, &"a".repeat(64), "zip");
        stack.sh(&format!("mkdir -p {DIR}/backup/import && mv {zip} {sent}")).exits(0);
        bring_in(&mut stack, &sent, "from-'home' $(touch /etc/pwned).zip").exits(0);
        assert!(!stack.exists(&sent), "what was sent stays, in plain text");
        assert_eq!((imported(&stack), stack.verified(REPOSITORY).len()), (1, 1));
        let one = stack.sh(&format!("cat {DIR}/backup/*.imported.json")).out;
        let record: BackupRecord = serde_json::from_str(&one).unwrap();
        assert_eq!(
            (record.database.counts["res_partner"], record.attachments.named, record.release.as_str()),
            (2, 2, "")
        );
        assert!(!record.imported.unwrap().contains(['$', '\'', ' ', '/']));
        assert_eq!(stack.production(), before);
        stack.calls_are_clean(&[&stack.read(&format!("{DIR}/backup/key"))]);
        stack
            .sh(&format!(
                "! grep -r 'of.production' {DIR}/backup/*.json {REPOSITORY}/data/*/run/ops-backup/config"
            ))
            .exits(0);
        assert!(!stack.exists("/etc/pwned") && !PASSWORD.is_empty());
    }
}

#[test]
fn export_that_fails_leaves_no_zip() {
    let mut stack = Stack::new(Shell::Dash);
    let id = back_up(&mut stack);
    let before = stack.production();
    let restic = "/usr/bin/python3 -IS /stubs/restic.pyc \"$@\"";
    let faults = [
        ("restic", "stats", FAILS.to_owned(), ""),
        ("restic", "restore", FAILS.to_owned(), "fails on purpose"),
        (
            "restic",
            "restore",
            format!("{restic}; printf x >>{DIR}/backup/exporting/got/config/globals.sql; exit 0"),
            "what was fetched is not what was stored",
        ),
        ("pg_restore", "-l", FAILS.to_owned(), "the dump has no list"),
        ("pg_restore", "--no-owner", FAILS.to_owned(), "the dump cannot be read to its end"),
        (
            "restic",
            "restore",
            format!("{restic}; printf x >{DIR}/backup/exporting/got/filestore/{}; exit 0", FILES[0].0),
            "1 files are not what their names say",
        ),
        ("docker", "--entrypoint nice sha256:b", "exit 125".to_owned(), "it could not be packed"),
    ];
    for (at, (tool, matching, then, says)) in faults.iter().enumerate() {
        stack.use_shell(Shell::ALL[at % 3]);
        stack.fault(tool, matching, 0, then);
        let (ran, zip) = export(&mut stack, &id);
        assert!(stack.met(tool) > 0 && ran.code != Some(0), "{tool} {then}: it goes on\n{ran}");
        ran.says(&[says]);
        stack.mend(tool);
        assert!(!stack.exists(&zip), "{tool} {then}");
    }
    stack.write("/etc/free", "1000");
    export(&mut stack, &id).0.exits(1).says(&["to export it"]);
    assert_eq!(stack.production(), before);
}

/// Statements that somebody puts into a dump, and what is said of them.
const HOSTILE: [(&str, &str); 7] = [
    ("\\! touch /etc/pwned\n", "is a command of psql"),
    ("COPY res_users TO PROGRAM 'touch /etc/pwned';\n", "it cannot be restored"),
    ("CREATE ROLE intruder SUPERUSER;\n", "it cannot be restored"),
    ("ALTER ROLE odoo SUPERUSER;\n", "it cannot be restored"),
    ("COPY public.res_users (id, login) FROM stdin;\n9\tnever ends\n", "dump.sql is cut"),
    (
        "CREATE FUNCTION public.f(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'select true';\nALTER TABLE public.res_users ADD CHECK (public.f(id));\n",
        "which a restore would run",
    ),
    ("DROP TABLE public.ir_attachment;\n", "no database of Odoo"),
];

#[test]
fn hostile_dump_is_refused_and_runs_nowhere() {
    let mut stack = Stack::new(Shell::Dash);
    stack.empty_servers();
    let id = back_up(&mut stack);
    let (ran, zip) = export(&mut stack, &id);
    ran.exits(0);
    stack.write("/opt/pack.py", "import sys, zipfile\nout = zipfile.ZipFile(sys.argv[2], 'w', zipfile.ZIP_DEFLATED)\ngood = zipfile.ZipFile(sys.argv[1])\n\
        for name in good.namelist():\n    data = good.read(name)\n    if name == 'dump.sql':\n        text, end = data.split(b'-- PostgreSQL database dump complete')\n        \
        data = text + open('/opt/bad.sql', 'rb').read() + b'-- PostgreSQL database dump complete' + end\n        if b'never ends' in data: data = data[:data.index(b'never ends') + 11]\n    out.writestr(name, data)\n");
    let before = stack.production();
    for (at, (statements, says)) in HOSTILE.iter().enumerate() {
        stack.use_shell(Shell::ALL[at % 3]);
        stack.write("/opt/bad.sql", statements);
        let sent = import::place(DIR, &"b".repeat(64), "zip");
        stack
            .sh(&format!("mkdir -p {DIR}/backup/import && /usr/bin/python3 /opt/pack.py {zip} {sent}"))
            .exits(0);
        bring_in(&mut stack, &sent, "x.zip").exits(1).says(&["ops.wrong ", says]);
        assert!(!stack.exists(&sent) && imported(&stack) == 0, "{statements}: it stays");
        assert!(!stack.exists("/etc/pwned"), "{statements}: it runs");
        std::fs::remove_file(stack.path("/opt/bad.sql")).unwrap();
        assert_eq!(stack.production(), before);
        stack.write("/opt/bad.sql", "");
    }
}

#[test]
fn import_blames_the_file_only_for_what_the_file_is_to_blame_for() {
    let mut stack = Stack::new(Shell::Dash);
    stack.empty_servers();
    let before = stack.production();
    let sent = import::place(DIR, &"c".repeat(64), "dump");
    let make = format!(
        "mkdir -p {DIR}/backup/import && /stubs/engine exec -i odoo-db-1 /stubs/postgresql/pg_dump -Fc -U postgres -d odoo >{sent}"
    );
    let restic = "/usr/bin/python3 -IS /stubs/restic.pyc \"$@\"";
    let faults = [
        ("docker", "run -d", "exit 125".to_owned(), false),
        ("pg_restore", "-d odoo", "exit 1".to_owned(), true),
        ("pg_restore", "-d odoo", "kill -9 $$".to_owned(), false),
        ("pg_dump", "-Fd", FAILS.to_owned(), false),
        ("restic", "backup --json", FAILS.to_owned(), false),
        ("restic", "ls", format!("{restic} | grep -v toc.dat; exit 0"), false),
        ("restic", "tag", FAILS.to_owned(), false),
    ];
    for (at, (tool, matching, then, wrong)) in faults.iter().enumerate() {
        stack.use_shell(Shell::ALL[at % 3]);
        stack.sh(&make).exits(0);
        // Its files are not in a dump, so that none may be named.
        stack.fault(tool, matching, 0, then);
        let ready = Import::Ready { env: "prod", name: "x.dump", missing: 2 };
        let steps = [
            ready,
            Import::Judge,
            Import::Load,
            Import::Read,
            Import::Dump,
            Import::Store,
            Import::Confirm,
            Import::Close,
        ];
        let all: Vec<Cmd> = steps.map(|step| stack.tool().import(step, &sent)).into();
        let ran = stack.run_all(&all[..7]);
        assert!(stack.met(tool) > 0 && ran.code != Some(0), "{tool} {then}: it goes on\n{ran}");
        assert_eq!(ran.out.contains("ops.wrong "), *wrong, "{tool} {then}\n{ran}");
        assert_eq!(stack.exists(&sent), !wrong, "{tool} {then}: what was sent");
        stack.mend(tool);
        stack.run(&all[7]).exits(0);
        assert_eq!(
            stack.sh(&format!("ls {DIR}/backup | grep z.imported")).out,
            "",
            "{tool} {then}: a record is left"
        );
        assert_eq!(imported(&stack), 0);
    }
    assert_eq!(stack.production(), before);
}
