use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;

use super::*;
use crate::cmd::Cmd;
use crate::event::Silent;
use crate::execute::runner::Runner;
use crate::inventory::Hooks;
use crate::plan::{Action, Step};
use crate::transport::TransportError;
use crate::transport::fake::{Fake, FakeAnswer};

struct Nothing;

static EMPTY: BTreeMap<String, u64> = BTreeMap::new();
static VARS: BTreeMap<String, String> = BTreeMap::new();
static HOOKS: Hooks =
    Hooks { dir: PathBuf::new(), pre_deploy: Vec::new(), post_deploy: Vec::new(), on_failure: Vec::new() };
static LAPTOP: Laptop<'static> = Laptop { hooks: &HOOKS, vars: &VARS };

impl Secrets for Nothing {
    fn resolve(&self, _: &crate::inventory::Source) -> crate::error::Result<crate::secret::Secret> {
        Err(Error::usage("there are no secrets here"))
    }
}

#[async_trait]
impl OwnChecks for Nothing {
    async fn ask(&self, _: &str) -> crate::error::Result<Vec<Complaint>> {
        Ok(Vec::new())
    }

    async fn knock(&self, _: &str, _: &[u16]) -> crate::error::Result<()> {
        Ok(())
    }
}

fn section(id: &str, critical: bool) -> Section {
    let actions = vec![Action::Run(Cmd::new("true"))];
    let step = Step {
        id: format!("switch.{id}"),
        phase: Phase::Switch,
        droplet: "erp-1".into(),
        title: "switch".into(),
        undo: Undo::By(actions.clone()),
        actions,
        timeout: 60,
    };
    Section { id: id.into(), droplet: "erp-1".into(), critical, steps: vec![step] }
}

fn plan(sections: Vec<Section>) -> Plan {
    Plan {
        schema: "s".into(),
        env: "prod".into(),
        command: "deploy".into(),
        title: "t".into(),
        sections,
        notes: Vec::new(),
        on_failure: Vec::new(),
        data_loss: None,
    }
}

fn post(fake: &std::sync::Arc<Fake>) -> Post {
    Post { link: fake.clone(), runner: Runner::new("/var/lib/ops/odoo"), fence: 1 }
}

/// How the sections end over a link that answers so, and which verbs of the runner were called.
async fn ends(sections: Vec<Section>, answers: Vec<FakeAnswer>) -> (Report, Vec<String>) {
    let fake = std::sync::Arc::new(Fake::scripted("erp-1", answers));
    let posts = BTreeMap::from([("erp-1".to_owned(), post(&fake))]);
    let stop = Stop::default();
    let cx = execution(&posts, &stop);
    let plan = plan(sections);
    let report = Walk::new(&plan, &cx).run().await;
    (report, fake.calls().iter().map(|call| call.cmd.argv()[2].clone()).collect())
}

fn execution<'a>(posts: &'a BTreeMap<String, Post>, stop: &'a Stop) -> Execution<'a> {
    Execution {
        run: "r",
        posts,
        listener: &Silent,
        secrets: &Nothing,
        own: &Nothing,
        laptop: &LAPTOP,
        stop,
        usual: &EMPTY,
        ask: &|| Interrupted::Undo,
    }
}

fn lost() -> FakeAnswer {
    FakeAnswer::Error(TransportError::Lost { detail: "gone".into() })
}

fn done() -> FakeAnswer {
    FakeAnswer::ok("done 0 1\nswitch.a.1 0 carry 0 17 0 0\n")
}

fn failed() -> FakeAnswer {
    FakeAnswer::ok("done 1 1\nswitch.a.1 0 carry 3 17 3 3\nno\n")
}

fn undone() -> FakeAnswer {
    FakeAnswer::ok("done 0 1\nundo.switch.a.undo1 0 undo 0 9 0 0\n")
}

fn one() -> Vec<Section> {
    vec![section("a", false)]
}

#[tokio::test]
async fn a_start_that_could_not_be_sent_is_sent_when_the_link_is_back() {
    let (report, calls) = ends(one(), vec![lost(), lost(), done()]).await;
    assert_eq!(report.exit, Exit::Done);
    assert_eq!((report.ledger[0].outcome, report.ledger[0].millis), (Outcome::Done, 17));
    assert_eq!(calls, ["start", "start", "start"]);
}

#[tokio::test]
async fn a_start_without_an_answer_is_looked_for_and_sent_again_only_where_it_left_no_trace() {
    let absent = || FakeAnswer::ok("absent - 0\n");
    let answers = vec![FakeAnswer::no_status(), absent(), failed(), undone()];
    let (report, calls) = ends(one(), answers).await;
    assert_eq!((report.exit, report.ledger[0].outcome), (Exit::PutBack, Outcome::Failed));
    assert_eq!(calls, ["start", "poll", "start", "start"]);
    let (report, calls) = ends(one(), vec![FakeAnswer::no_status(), lost(), done()]).await;
    assert_eq!(report.exit, Exit::Done);
    assert_eq!(calls, ["start", "poll", "poll"]);
}

#[tokio::test]
async fn a_login_that_is_refused_is_not_waited_for_and_nothing_is_undone() {
    let refused = TransportError::SudoRefused { detail: "no".into() };
    let (report, calls) = ends(one(), vec![FakeAnswer::Error(refused)]).await;
    assert_eq!((report.exit, report.ledger[0].outcome), (Exit::Failed, Outcome::NotReached));
    assert_eq!(calls, ["start"]);
}

/// The link of these tests has no other way in: a login that wants a person, say.
#[tokio::test]
async fn what_nobody_could_prove_is_not_begun() {
    let mut guarded = section("a", true);
    let (wait, proof) = (Cmd::new("true"), Cmd::new("true"));
    guarded.steps[0].actions = vec![Action::Prove { wait, proof, ports: Vec::new() }];
    let (report, calls) = ends(vec![guarded], Vec::new()).await;
    assert_eq!((report.ledger[0].outcome, calls), (Outcome::NotReached, Vec::new()));
    assert!(
        format!("{:?}", report.error).contains("nobody can log in anew without a person"),
        "{:?}",
        report.error
    );
}

#[tokio::test]
async fn a_runner_that_refuses_has_begun_nothing() {
    let (report, calls) = ends(one(), vec![FakeAnswer::exit(72, "lock held by x")]).await;
    assert_eq!((report.exit, report.ledger[0].outcome), (Exit::Locked, Outcome::NotReached));
    assert_eq!(calls, ["start"]);
}

#[tokio::test]
async fn a_critical_section_that_went_back_by_itself_is_not_undone_again() {
    let back = "done 6 2\nswitch.b.1 0 carry 3 17 0 0\nundo.switch.b.1 0 undo 0 9 0 0\n";
    let sections = || vec![section("a", false), section("b", true)];
    let (report, calls) = ends(sections(), vec![done(), FakeAnswer::ok(back), undone()]).await;
    assert_eq!(report.exit, Exit::PutBack);
    assert_eq!(
        report.ledger.iter().map(|row| row.outcome).collect::<Vec<_>>(),
        [Outcome::Undone, Outcome::Failed]
    );
    assert_eq!(calls, ["start", "start", "start"]);
    // The droplet's own undo failed: a human is needed.
    let stuck = "done 7 2\nswitch.b.1 0 carry 3 17 0 0\nundo.switch.b.1 0 undo 5 9 0 0\n";
    let (report, _) = ends(sections(), vec![done(), FakeAnswer::ok(stuck), undone()]).await;
    assert_eq!(report.exit, Exit::Mixed);
    assert!(report.error.unwrap().to_string().contains("switch"), "it says what");
}

#[tokio::test]
async fn a_long_log_is_read_to_its_end_before_the_act_is_over() {
    let first = "done 0 1\nswitch.a.1 0 carry 0 17 5 2\nab";
    let rest = "done 0 1\nswitch.a.1 0 carry 0 17 5 3\ncde";
    let (report, calls) = ends(one(), vec![FakeAnswer::ok(first), FakeAnswer::ok(rest)]).await;
    assert_eq!((report.exit, calls.len()), (Exit::Done, 2));
}

#[tokio::test]
async fn a_second_interrupt_in_the_undo_leaves_it_to_the_droplet_and_keeps_the_lock() {
    let slow = || FakeAnswer::After(Duration::from_secs(50), Box::new(undone()));
    let fake = std::sync::Arc::new(Fake::new("erp-1", move |_| slow()));
    let posts = BTreeMap::from([("erp-1".to_owned(), post(&fake))]);
    let stop = Stop::default();
    let cx = execution(&posts, &stop);
    let plan = plan(vec![section("a", false), section("b", false)]);
    let mut walk = Walk::new(&plan, &cx);
    for place in &mut walk.places {
        (place.acts, place.left) = (1, Left::Begun);
    }
    let interrupt = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        stop.hard.cancel();
    };
    let both = async { tokio::join!(walk.put_back(None), interrupt) };
    let (report, ()) = tokio::time::timeout(Duration::from_secs(5), both).await.unwrap();
    assert_eq!((report.exit, report.detached), (Exit::Mixed, true));
    assert_eq!(fake.calls().len(), 1, "the other undo was not begun");
}

/// What is said while nothing comes.
#[derive(Default)]
struct Waits(std::sync::Mutex<Vec<String>>);

impl Listener for Waits {
    fn on(&self, event: &Event) {
        if let Event::StepWaiting { text, .. } = event {
            self.0.lock().unwrap().push(text.clone());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn silence_is_told_with_what_is_known_of_it() {
    let nothing_new = || FakeAnswer::ok("running - 1\nswitch.a.1 0 carry - - 0 0\n");
    let after = |seconds, answer| FakeAnswer::After(Duration::from_secs(seconds), Box::new(answer));
    let answers = vec![nothing_new(), after(10, nothing_new()), after(10, nothing_new()), after(25, done())];
    let fake = std::sync::Arc::new(Fake::scripted("erp-1", answers));
    let posts = BTreeMap::from([("erp-1".to_owned(), post(&fake))]);
    let (stop, waits, plan) = (Stop::default(), Waits::default(), plan(one()));
    let usual = BTreeMap::from([("switch.a".to_owned(), 11_200)]);
    let cx = Execution { listener: &waits, usual: &usual, ..execution(&posts, &stop) };
    let report = Walk::new(&plan, &cx).run().await;
    assert_eq!(report.exit, Exit::Done);
    let said = waits.0.into_inner().unwrap();
    assert!(said.iter().any(|one| one.starts_with("silent for 15 s (usually takes 12 s)")), "{said:?}");
    assert!(said.iter().any(|one| one.starts_with("no answer for 20 s: the link is lost")), "{said:?}");
    assert_eq!(said.last().unwrap(), "", "it is taken back: {said:?}");
}

#[tokio::test]
async fn a_run_taken_up_while_its_droplet_goes_back_is_tried_again() {
    let back = "done 6 2\nswitch.a.1 0 carry 137 0 0 0\nundo.switch.a.1 0 undo 0 9 0 0\n";
    let answers = vec![FakeAnswer::ok(back), FakeAnswer::ok("done 0 1\nswitch.a.2 0 carry 0 5 0 0\n")];
    let fake = std::sync::Arc::new(Fake::scripted("erp-1", answers));
    let posts = BTreeMap::from([("erp-1".to_owned(), post(&fake))]);
    let stop = Stop::default();
    let cx = execution(&posts, &stop);
    let plan = plan(vec![section("a", true)]);
    let mut walk = Walk::new(&plan, &cx);
    (walk.resumed, walk.places[0].acts, walk.places[0].at_work) = (true, 1, Some("1".into()));
    let report = walk.run().await;
    assert_eq!((report.exit, report.ledger[0].outcome), (Exit::Done, Outcome::Done));
    let calls: Vec<_> = fake.calls().iter().map(|call| call.cmd.argv()[2..].join(" ")).collect();
    assert!(calls[0].starts_with("poll") && calls[1].contains(" a 2 "), "{calls:?}");
}
