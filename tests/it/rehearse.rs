//! Plans of a rehearsal, from facts alone.

use std::collections::BTreeMap;

use ops::error::Error;
use ops::exit::Exit;
use ops::facts::{Facts, Module};
use ops::inventory::{Environment, Expect, Op, Role, Severity, UserCheck, UserProbe, When};
use ops::plan::{Action, Content, Phase, Plan, REHEARSAL, Undo, lint};
use ops::record::{REHEARSAL_SCHEMA, Rehearsal, Timed, Verdict};
use ops::runbooks::deploy::{self, Data, Inputs, Rehearse, Request, Staged};

use super::sample;

const MANIFEST: &str = "custom-addons/ipai_docs/__manifest__.py";

/// A droplet with `ipai_docs` installed, and a commit that raises its version.
struct Ground {
    env: Environment,
    facts: Facts,
    staged: Staged,
    request: Request,
    rehearsed: Option<(String, Rehearsal)>,
}

impl Ground {
    fn new() -> Self {
        let mut facts = sample::facts();
        let module = Module { state: "installed".into(), version: Some("14.0.1.0.0".into()) };
        facts.database.as_mut().unwrap().as_mut().unwrap().modules.insert("ipai_docs".into(), module);
        let mut staged = Staged { entries: Some(Default::default()), ..sample::staged() };
        if let Some(Ok(code)) = &mut staged.code {
            code.changed = vec![deploy::Changed { kind: 'M', path: MANIFEST.into() }];
        }
        let request = Request { rehearse: Some(Rehearse::default()), ..Request::default() };
        Self { env: sample::environment(), facts, staged, request, rehearsed: None }
    }

    fn wish(&mut self) -> &mut Rehearse {
        self.request.rehearse.as_mut().unwrap()
    }

    fn plan(&self) -> Result<Plan, Error> {
        let facts = BTreeMap::from([("erp-1".to_owned(), self.facts.clone())]);
        let staged = BTreeMap::from([("erp-1".to_owned(), self.staged.clone())]);
        let rehearsed = self.rehearsed.as_ref();
        deploy::plan(&Inputs { rehearsed, ..sample::inputs(&self.env, &facts, &staged, &self.request) })
    }

    /// Nothing that the commit changes touches the database.
    fn only_code(mut self) -> Self {
        if let Some(Ok(code)) = &mut self.staged.code {
            code.changed.clear();
        }
        self
    }
}

fn ids(plan: &Plan) -> Vec<&str> {
    plan.steps().map(|step| step.id.as_str()).collect()
}

/// Every word of every command of a step.
fn words(plan: &Plan, id: &str) -> String {
    let step = plan.steps().find(|step| step.id == id).unwrap();
    let word = |action: &Action| match action {
        Action::Run(cmd) => cmd.argv().join(" "),
        _ => String::new(),
    };
    step.actions.iter().map(word).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_update_of_a_deploy_is_tried_on_a_copy_in_one_piece_that_leaves_nothing() {
    let plan = Ground::new().plan().unwrap();
    assert!(lint(&plan).is_empty(), "{:?}", lint(&plan));
    let wanted = [
        "checkout",
        "pull.odoo",
        "render",
        "rehearse.open",
        "rehearse.dump",
        "rehearse.restore",
        "rehearse.neutralize",
        "rehearse.update",
        "rehearse.modules",
        "rehearse.web",
        "rehearse.drop",
    ];
    assert_eq!(ids(&plan), wanted);
    let [section] = plan.sections.as_slice() else { panic!("{:?}", plan.sections) };
    assert!(section.id == REHEARSAL && section.critical, "the droplet ends it, whoever is there");
    assert!(plan.steps().all(|step| step.phase < Phase::Switch), "nothing that runs is touched");
    assert!((plan.command.as_str(), &plan.data_loss) == ("rehearse", &None), "{plan:?}");
    assert!(plan.title.starts_with("rehearse the update of ipai_docs by main (2222222"), "{}", plan.title);

    // The end does what a failure would have done.
    let undo = plan.steps().flat_map(|step| match &step.undo {
        Undo::By(actions) => actions.clone(),
        _ => Vec::new(),
    });
    let drop = plan.steps().last().unwrap();
    let mut undo: Vec<_> = undo.collect();
    undo.reverse();
    assert_eq!(drop.actions, undo);
    // The same builder, told the copy.
    let update = words(&plan, "rehearse.update");
    for wanted in
        ["-d odoo_rehearsal", "-u ipai_docs", "--no-http", "--data-dir=/tmp/ops-rehearsal", "rehearsal.json"]
    {
        assert!(update.contains(wanted), "{wanted}: {update}");
    }
    assert!(!update.contains("-d odoo "), "{update}");
}

#[test]
fn tests_checks_and_the_way_back_have_steps_of_their_own() {
    let mut ground = Ground::new();
    *ground.wish() = Rehearse { tags: Some("-slow,/ipai_docs".into()), back: true };
    let check = |name: &str, probe| UserCheck {
        name: name.into(),
        probe,
        severity: Severity::High,
        when: vec![When::Verify],
    };
    let expect = Expect { op: Op::Gt, value: "0".into() };
    ground.env.checks = vec![
        check("rows", UserProbe::Sql { query: "select 1".into(), expect }),
        check("port", UserProbe::Tcp { address: "10.0.0.1:25".into() }),
    ];
    let plan = ground.plan().unwrap();
    assert!(lint(&plan).is_empty(), "{:?}", lint(&plan));
    let wanted = [
        "rehearse.copy",
        "rehearse.update",
        "rehearse.modules",
        "rehearse.web",
        "rehearse.checks",
        "rehearse.tests",
        "rehearse.back",
        "rehearse.drop",
    ];
    assert_eq!(ids(&plan)[7..], wanted);
    assert!(words(&plan, "rehearse.tests").contains("--test-tags=-slow,/ipai_docs"));
    assert!(words(&plan, "rehearse.checks").contains("odoo_rehearsal"), "the copy is asked");
    assert!(plan.notes.iter().any(|note| note.title == "not asked of the copy: port"), "{:?}", plan.notes);
}

#[test]
fn where_nothing_changes_in_the_database_nothing_is_copied() {
    let plan = Ground::new().only_code().plan().unwrap();
    assert!(plan.is_empty() && plan.title.starts_with("nothing to rehearse: main"), "{}", plan.title);
    let mut tests = Ground::new().only_code();
    tests.wish().tags = Some("post_install".into());
    let plan = tests.plan().unwrap();
    assert!(
        !ids(&plan).contains(&"rehearse.update") && ids(&plan).contains(&"rehearse.tests"),
        "{:?}",
        ids(&plan)
    );
    // A module that is named is updated, also by the code that runs.
    let mut named = Ground::new().only_code();
    named.request.data = Data::Update(vec!["ipai_docs".into()]);
    if let Some(Ok(code)) = &mut named.staged.code {
        code.sha = "1".repeat(40);
    }
    assert!(ids(&named.plan().unwrap()).contains(&"rehearse.update"));
    named.request.data = Data::Update(vec!["ipai_nowhere".into()]);
    assert_eq!(named.plan().unwrap_err().exit, Exit::Usage);
}

#[test]
fn odoo_neutralizes_its_own_copies_where_it_can() {
    let neutralized = |version: &str| {
        let mut ground = Ground::new();
        let base = Module { state: "installed".into(), version: Some(version.into()) };
        ground.facts.database.as_mut().unwrap().as_mut().unwrap().modules.insert("base".into(), base);
        words(&ground.plan().unwrap(), "rehearse.neutralize").contains("neutralize -d odoo_rehearsal")
    };
    assert!(neutralized("16.0.1.3") && neutralized("19.0.1.3"));
    assert!(!neutralized("14.0.1.3") && !neutralized("15.0.1.3") && !neutralized("strange"));
}

#[test]
fn the_copy_sees_code_and_data_and_no_network() {
    let mut ground = Ground::new();
    let json = &mut ground.staged.model.as_mut().unwrap().json;
    json["services"]["odoo"]["volumes"] =
        serde_json::json!([{"type": "volume", "source": "data", "target": "/var/lib/odoo"}]);
    json["services"]["odoo"]["command"] =
        serde_json::json!(["odoo", "--addons-path=/mnt/x", "-D", "/var/lib/odoo"]);
    let plan = ground.plan().unwrap();
    let open = plan.steps().find(|step| step.id == "rehearse.open").unwrap();
    let [Action::Put { path, content: Content::Text(text), .. }, _] = open.actions.as_slice() else {
        panic!("{open:?}")
    };
    assert!(path.ends_with("/rehearsal.json"), "{path}");
    let json: serde_json::Value = serde_json::from_str(text).unwrap();
    let own = &json["services"]["odoo-rehearsal"];
    assert_eq!(own["image"], "ops/odoo:20261120t120000z-2222222-odoo", "the image of the release");
    assert_eq!(own["volumes"][0]["read_only"], true);
    assert_eq!(json["networks"]["rehearsal"]["name"], "odoo-ops-rehearsal");
    let command: Vec<_> =
        own["command"].as_array().unwrap().iter().filter_map(|word| word.as_str()).collect();
    assert_eq!(command[..3], ["odoo", "-d", "odoo_rehearsal"]);
    assert!(
        command.contains(&"--addons-path=/mnt/x") && command.contains(&"--max-cron-threads=0"),
        "{command:?}"
    );
    // The last one counts for Odoo.
    let mut dirs = command.iter().filter(|word| word.starts_with("--data-dir") || **word == "-D");
    assert_eq!(dirs.next_back(), Some(&"--data-dir=/tmp/ops-rehearsal"));
}

#[test]
fn what_cannot_be_rehearsed_is_refused_before_anything_begins() {
    let refused = |change: &dyn Fn(&mut Ground)| {
        let mut ground = Ground::new();
        change(&mut ground);
        let error = ground.plan().unwrap_err();
        (error.exit, format!("{error}: {}", error.why.join(", ")))
    };
    let (exit, why) = refused(&|ground| ground.facts.mounts.as_mut().unwrap()[0].free = 2_000_000_000);
    assert!(exit == Exit::Checks && why.contains("want 2.4 GB, and 2 GB are free"), "{why}");
    let (exit, why) = refused(&|ground| {
        let database = ground.facts.database.as_mut().unwrap().as_mut().unwrap();
        (database.exists, database.odoo, database.relations) = (false, false, 0);
    });
    assert!(exit == Exit::Usage && why.contains("no Odoo in a database odoo"), "{why}");
    let (exit, why) = refused(&|ground| ground.facts.containers = Ok(vec![sample::container("db")]));
    assert!(exit == Exit::Failed && why.contains("no Odoo runs in prod"), "{why}");
    let (exit, why) = refused(&|ground| ground.facts.containers = Ok(vec![sample::container("odoo")]));
    assert!(exit == Exit::Failed && why.contains("does not run in this stack"), "{why}");
    let (exit, why) = refused(&|ground| {
        ground.staged.model.as_mut().unwrap().json["services"]["odoo"]["network_mode"] = "host".into();
    });
    assert!(exit == Exit::Failed && why.contains("network_mode: host"), "{why}");
    let (exit, why) = refused(&|ground| {
        let second =
            ops::inventory::Droplet { name: "erp-2".into(), roles: vec![Role::Web], ..sample::droplet() };
        ground.env.droplets.insert(0, second);
        ground.env.droplets.retain(|one| one.name == "erp-2");
    });
    assert!(exit == Exit::Failed && why.contains("where web and database are one droplet"), "{why}");
}

#[test]
fn the_next_deploy_says_what_the_rehearsal_took() {
    let mut ground = Ground::new();
    ground.request.rehearse = None;
    let found = |sha: &str, modules: &[&str]| Rehearsal {
        schema: REHEARSAL_SCHEMA.into(),
        run: "r".into(),
        verdict: Verdict::Passes,
        sha: Some(sha.repeat(40)),
        modules: modules.iter().map(|one| one.to_string()).collect(),
        phases: vec![Timed { phase: "update".into(), millis: 61_200 }],
        bytes: Some(1),
        errors: 0,
        warnings: 0,
        lines: Vec::new(),
        waited: 0,
        tests: None,
        findings: Vec::new(),
        interruption: None,
    };
    let mut said = |found: Rehearsal| {
        ground.rehearsed = Some(("2026-11-19T20:00:00Z".into(), found));
        let plan = ground.plan().unwrap();
        plan.notes.into_iter().flat_map(|note| note.lines).collect::<Vec<_>>().join("; ")
    };
    // 62 s of update, 10 s for 944 MB, 5 s of stop and start.
    let wanted = "users are interrupted for about 77 s, as the rehearsal of 2026-11-19T20:00:00Z took";
    let told = said(found("2", &["ipai_docs"]));
    assert!(told.contains(wanted), "{told}");
    for other in [found("3", &["ipai_docs"]), found("2", &["base"])] {
        let told = said(other);
        assert!(!told.contains("rehearsal") && told.contains("not measured here yet"), "{told}");
    }
}
