//! Which modules a wish means, from what is on disk and in the database.

use std::collections::BTreeMap;

use ops::error::Error;
use ops::exit::Exit;
use ops::facts::Module;
use ops::runbooks::deploy::{Change, Needed};
use ops::runbooks::modules::{Addon, Auto, Catalog, Ground, Wish, read, resolve, rows};

use super::sample;

fn addon(depends: &[&str]) -> Addon {
    Addon {
        version: "1.0".into(),
        depends: depends.iter().map(|one| one.to_string()).collect(),
        installable: true,
        ..Addon::default()
    }
}

/// `a <- b <- c`, `auto` follows `b`, and some that cannot be installed.
fn catalog() -> Catalog {
    let mut all = BTreeMap::from([
        ("base".to_owned(), addon(&[])),
        ("ipai_a".to_owned(), addon(&["base"])),
        ("ipai_b".to_owned(), addon(&["ipai_a"])),
        ("ipai_c".to_owned(), addon(&["ipai_b"])),
        ("ipai_auto".to_owned(), Addon { auto: Auto::All(true), ..addon(&["ipai_b"]) }),
        (
            "ipai_glue".to_owned(),
            Addon { auto: Auto::These(vec!["ipai_auto".into()]), ..addon(&["ipai_auto", "base"]) },
        ),
        ("ipai_lost".to_owned(), addon(&["ipai_nowhere"])),
        ("ipai_poor".to_owned(), Addon { lacks: vec!["python ldap".into()], ..addon(&["base"]) }),
        ("ipai_rich".to_owned(), addon(&["ipai_poor"])),
        ("ipai_closed".to_owned(), Addon { installable: false, ..addon(&["base"]) }),
        ("ipai_broken".to_owned(), Addon { broken: Some("SyntaxError".into()), ..addon(&[]) }),
    ]);
    // A circle in the manifests ends.
    all.insert("ipai_x".into(), addon(&["ipai_y"]));
    all.insert("ipai_y".into(), addon(&["ipai_x"]));
    all
}

fn known(installed: &[&str]) -> BTreeMap<String, Module> {
    let module = |version: &str| Module { state: "installed".into(), version: Some(version.into()) };
    let mut all: BTreeMap<_, _> =
        installed.iter().map(|name| (name.to_string(), module("14.0.1.0"))).collect();
    all.insert("base".into(), module("14.0.1.3"));
    all
}

fn resolved(installed: &[&str], wish: &Wish) -> Result<Change, Error> {
    let (env, catalog, known) = (sample::environment(), catalog(), known(installed));
    resolve(Ground { env: &env, catalog: &catalog, known: &known }, wish)
}

fn install(names: &[&str]) -> Wish {
    Wish { install: names.iter().map(|one| one.to_string()).collect(), ..Wish::default() }
}

fn names(all: &[Needed]) -> Vec<&str> {
    all.iter().map(|one| one.module.as_str()).collect()
}

#[test]
fn what_is_needed_and_what_follows_is_said() {
    let change = resolved(&[], &install(&["ipai_c"])).unwrap();
    assert_eq!(names(&change.install), ["ipai_c"]);
    let said = change.install[0].because.join("; ");
    assert!(said.contains("with what is needed: ipai_a, ipai_b"), "{said}");
    assert!(said.contains("Odoo adds by itself: ipai_auto, ipai_glue"), "{said}");
    let change = resolved(&["ipai_a", "ipai_b", "ipai_auto", "ipai_glue"], &install(&["ipai_?"])).unwrap();
    assert_eq!(names(&change.install), ["ipai_c", "ipai_x", "ipai_y"]);
    assert_eq!(change.install[0].because.len(), 1, "{change:?}");
}

/// `docker ps` answers `c`; `docker exec` fails as often as the file beside it says, as Docker itself does.
const DOCKER: &str = r#"#!/bin/sh
[ "$1" != ps ] || { echo c; exit; }
left=$(cat "$0.left")
[ "$left" = 0 ] || { echo $((left - 1)) >"$0.left"; echo 'OCI runtime exec failed: cgroup.procs: invalid argument'; exit 126; }
grep -q select && echo '"base": "14.0.1.3"'
"#;

#[test]
fn what_docker_could_not_start_is_asked_again() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name);
    std::fs::write(file("docker"), DOCKER).unwrap();
    std::fs::set_permissions(file("docker"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let template = file("release.json.in").display().to_string();
    let record = ops::tools::odoo::record_modules("odoo", "db", "odoo", &template).to_script();
    let run = |failures: &str| {
        std::fs::write(file("docker.left"), failures).unwrap();
        std::fs::write(&template, "{\n  \"@modules\": \"@\"\n}\n").unwrap();
        #[expect(clippy::disallowed_methods, reason = "a droplet's script, on this machine")]
        let out = std::process::Command::new("sh")
            .args(["-c", &record])
            .env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", dir.path().display()))
            .output()
            .unwrap();
        (out.status.code(), String::from_utf8_lossy(&out.stdout).into_owned())
    };
    let (code, said) = run("2");
    assert_eq!(code, Some(0), "{said}");
    assert!(std::fs::read_to_string(&template).unwrap().contains("\"base\": \"14.0.1.3\""));
    let (code, said) = run("3");
    assert_eq!(code, Some(126), "{said}");
    assert!(said.contains("cgroup.procs"), "{said}");
}

#[test]
fn what_is_installed_already_is_no_change() {
    assert!(resolved(&["ipai_a"], &install(&["ipai_a"])).unwrap().is_empty());
    // Without names: the inventory's.
    let mut env = sample::environment();
    env.modules = vec!["ipai_a".into(), "ipai_b".into()];
    let (catalog, known) = (catalog(), known(&["ipai_a"]));
    let change = resolve(Ground { env: &env, catalog: &catalog, known: &known }, &Wish::default()).unwrap();
    assert_eq!(names(&change.install), ["ipai_b"]);
}

#[test]
fn what_is_in_the_way_is_named_all_at_once() {
    let error =
        resolved(&[], &install(&["ipai_lost", "ipai_rich", "ipai_closed", "ipai_broken"])).unwrap_err();
    assert_eq!(error.exit, Exit::Checks);
    let said = error.why.join("\n");
    for text in [
        "ipai_lost needs ipai_nowhere, which is nowhere on the addons paths",
        "ipai_poor wants python ldap, which the image lacks",
        "ipai_closed says that it is not installable",
        "the manifest of ipai_broken cannot be read: SyntaxError",
    ] {
        assert!(said.contains(text), "{said}");
    }
}

#[test]
fn a_name_that_means_nothing_is_a_wrong_command_line() {
    for (wish, near) in [
        (install(&["ipai_brokn"]), "did you mean `ipai_broken`?"),
        (install(&["xpai_*"]), "--list"),
        (Wish { update: vec!["ipai_b".into()], ..Wish::default() }, "did you mean `ipai_a`?"),
        (Wish { uninstall: vec!["nothing".into()], ..Wish::default() }, "--list"),
    ] {
        let error = resolved(&["ipai_a"], &wish).unwrap_err();
        assert_eq!(error.exit, Exit::Usage, "{error:?}");
        assert!(error.next.iter().any(|next| next.contains(near)), "{error:?}");
    }
}

#[test]
fn what_goes_takes_along_what_needs_it() {
    let wish = Wish { uninstall: vec!["ipai_a".into()], ..Wish::default() };
    let change = resolved(&["ipai_a", "ipai_b", "ipai_c"], &wish).unwrap();
    assert_eq!(names(&change.uninstall), ["ipai_a", "ipai_b", "ipai_c"]);
    assert_eq!(change.what(), "uninstall ipai_a, ipai_b, ipai_c");
}

#[test]
fn what_was_left_half_way_is_repaired_first() {
    let mut known = known(&["ipai_a"]);
    known.insert("ipai_b".into(), Module { state: "to install".into(), version: None });
    known.insert("ipai_c".into(), Module { state: "to upgrade".into(), version: None });
    known.insert("rm -rf /".into(), Module { state: "to remove".into(), version: None });
    let (env, catalog) = (sample::environment(), catalog());
    let ground = Ground { env: &env, catalog: &catalog, known: &known };
    let error = resolve(ground, &install(&["ipai_x"])).unwrap_err();
    assert_eq!(error.exit, Exit::Checks);
    assert!(error.next.iter().any(|next| next.contains("--repair")), "{error:?}");
    let change = resolve(ground, &Wish { repair: true, ..Wish::default() }).unwrap();
    assert_eq!((names(&change.install), names(&change.update)), (vec!["ipai_b"], vec!["ipai_c"]));
    assert!(change.uninstall.is_empty(), "a name that is none became a word of a command");
}

#[test]
fn the_list_says_what_drifted() {
    let mut catalog = catalog();
    catalog.get_mut("ipai_a").unwrap().version = "14.0.2.0".into();
    let mut known = known(&["ipai_a", "ipai_b", "gone"]);
    known.get_mut("ipai_b").unwrap().state = "to upgrade".into();
    let rows = rows(&catalog, &known, &[]);
    let note =
        |name: &str| rows.iter().find(|row| row.name == name).unwrap().note.clone().unwrap_or_default();
    assert_eq!(note("ipai_a"), "drifted: --update");
    assert_eq!(note("ipai_b"), "left half-way: --repair");
    assert_eq!(note("gone"), "in the database, and nowhere on disk");
    assert_eq!(note("ipai_poor"), "the image lacks python ldap");
    assert_eq!(rows.iter().find(|row| row.name == "ipai_c").unwrap().disk, "14.0.1.0");
}

#[test]
fn what_a_droplet_calls_a_module_is_a_name_or_nothing() {
    let said = r#"{"good": {}, "-u": {}, "a b": {}, "x\"); import os": {}, "all": {}, "é": {}, "a,b": {}}"#;
    assert_eq!(read(said.as_bytes()).unwrap().into_keys().collect::<Vec<_>>(), ["good"]);
    assert!(read(b"[]").is_err());
}

#[test]
fn manifests_are_data() {
    let dir = tempfile::tempdir().unwrap();
    let addons = dir.path().join("addons");
    let write = |name: &str, text: &str| {
        std::fs::create_dir_all(addons.join(name)).unwrap();
        std::fs::write(addons.join(name).join("__manifest__.py"), text).unwrap();
    };
    let mark = dir.path().join("ran");
    write("good", "{'name': 'Good', 'version': '14.0.1.2', 'depends': ['base'], 'auto_install': ['base']}");
    write("evil", &format!("__import__('os').system('touch {}')", mark.display()));
    write("half", "{'name': ");
    write(
        "poor",
        "{'external_dependencies': {'python': ['no_such_module', 'json', 'pip>=1'], 'bin': ['sh', 'no-such-program']}}",
    );
    write("a;b", "{}");
    let conf = dir.path().join("odoo.conf");
    std::fs::write(
        &conf,
        format!("[options]\naddons_path = {}\ndata_dir = /nonexistent\n", addons.display()),
    )
    .unwrap();
    #[expect(clippy::disallowed_methods, reason = "the test's own python")]
    let out = std::process::Command::new("python3")
        .args(["-c", &ops::tools::odoo::ADDONS.text(), "odoo", "-c"])
        .arg(&conf)
        .output()
        .unwrap();
    let catalog = read(&out.stdout).unwrap_or_else(|failure| panic!("{failure:?} {out:?}"));
    assert_eq!(catalog["good"].auto, Auto::These(vec!["base".into()]));
    assert_eq!((catalog["good"].version.as_str(), catalog["good"].installable), ("14.0.1.2", true));
    assert!(catalog["evil"].broken.is_some() && catalog["half"].broken.is_some());
    assert!(!mark.exists(), "a manifest was run");
    assert!(catalog["poor"].lacks.contains(&"python no_such_module".to_owned()), "{:?}", catalog["poor"]);
    assert!(catalog["poor"].lacks.contains(&"program no-such-program".to_owned()));
    assert!(!catalog["poor"].lacks.iter().any(|one| one.contains("json") || one.ends_with(" sh")));
    assert!(!catalog.contains_key("a;b"));
}

#[test]
fn of_two_modules_of_one_name_the_one_that_odoo_takes_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let write = |place: &str, file: &str, text: &str| {
        let file = dir.path().join(place).join(file);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    };
    // A checkout of Odoo beside whose program its addons are, and a directory of others in front of them.
    write("odoo/addons/both", "__manifest__.py", "{'version': '1'}");
    write("odoo/addons/alone", "__manifest__.py", "{'version': '1'}");
    write("own/both", "__manifest__.py", "{'version': '2'}");
    write("odoo", "odoo-bin", "#!/bin/sh\n");
    let program = dir.path().join("odoo/odoo-bin");
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", dir.path().join("odoo").display());
    #[expect(clippy::disallowed_methods, reason = "the test's own python")]
    let out = std::process::Command::new("python3")
        .args(["-c", &ops::tools::odoo::ADDONS.text(), "odoo-bin", "-c", "/dev/null"])
        .arg(format!("--addons-path={}", dir.path().join("own").display()))
        .env("PATH", path)
        .output()
        .unwrap();
    let catalog = read(&out.stdout).unwrap_or_else(|failure| panic!("{failure:?} {out:?}"));
    assert_eq!((catalog["both"].version.as_str(), catalog["alone"].version.as_str()), ("2", "1"));
}
