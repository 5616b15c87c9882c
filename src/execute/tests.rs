use std::time::Duration;

use async_trait::async_trait;

use super::*;
use crate::cmd::Cmd;
use crate::event::Silent;
use crate::execute::runner::Runner;
use crate::transport::TransportError;
use crate::transport::fake::{Fake, FakeAnswer};

struct Nothing;

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
}

fn step() -> Step {
    let actions = vec![Action::Run(Cmd::new("true"))];
    Step {
        id: "switch.web".into(),
        phase: Phase::Switch,
        droplet: "erp-1".into(),
        title: "switch".into(),
        undo: Undo::By(actions.clone()),
        actions,
        timeout: 60,
    }
}

fn post(fake: &std::sync::Arc<Fake>) -> Post {
    Post { link: fake.clone(), runner: Runner::new("/var/lib/ops/odoo"), fence: 1 }
}

/// How a step ends over a link that answers so, and which verbs of the runner were called.
async fn ends(answers: Vec<FakeAnswer>) -> (End, Vec<String>) {
    let fake = std::sync::Arc::new(Fake::scripted("erp-1", answers));
    let post = post(&fake);
    let cx = Context { run: "r", post: &post, listener: &Silent, secrets: &Nothing, own: &Nothing };
    let step = step();
    let end = step::perform(&cx, &step, &step.id, &step.actions).await;
    (end, fake.calls().iter().map(|call| call.cmd.argv()[2].clone()).collect())
}

fn lost() -> FakeAnswer {
    FakeAnswer::Error(TransportError::Lost { detail: "gone".into() })
}

#[tokio::test]
async fn a_start_that_could_not_be_sent_is_sent_when_the_link_is_back() {
    let (end, calls) = ends(vec![lost(), lost(), FakeAnswer::ok("done 0 0\n")]).await;
    assert!(matches!(end, End::Done), "{end:?}");
    assert_eq!(calls, ["start", "start", "start"]);
}

#[tokio::test]
async fn a_start_without_an_answer_is_looked_for_and_sent_again_only_where_it_left_no_trace() {
    let absent = || FakeAnswer::ok("absent - 0\n");
    let (end, calls) = ends(vec![FakeAnswer::no_status(), absent(), FakeAnswer::ok("done 3 0\n")]).await;
    assert!(matches!(end, End::Failed(_)), "{end:?}");
    assert_eq!(calls, ["start", "poll", "start"]);
    let (end, calls) = ends(vec![FakeAnswer::no_status(), lost(), FakeAnswer::ok("done 0 0\n")]).await;
    assert!(matches!(end, End::Done), "{end:?}");
    assert_eq!(calls, ["start", "poll", "poll"]);
}

#[tokio::test]
async fn a_login_that_is_refused_is_not_waited_for() {
    let refused = TransportError::SudoRefused { detail: "no".into() };
    let (end, calls) = ends(vec![FakeAnswer::Error(refused)]).await;
    assert!(matches!(end, End::Failed(_)), "{end:?}");
    assert_eq!(calls, ["start"]);
}

#[tokio::test]
async fn a_second_interrupt_in_the_undo_leaves_it_to_the_droplet_and_keeps_the_lock() {
    let slow = || FakeAnswer::After(Duration::from_secs(50), Box::new(FakeAnswer::ok("done 0 0\n")));
    let fake = std::sync::Arc::new(Fake::new("erp-1", move |_| slow()));
    let posts = BTreeMap::from([("erp-1".to_owned(), post(&fake))]);
    let stop = Stop::default();
    let cx = Execution {
        run: "r",
        posts: &posts,
        listener: &Silent,
        secrets: &Nothing,
        own: &Nothing,
        stop: &stop,
        ask: &|| Interrupted::Undo,
    };
    let plan = Plan {
        schema: "s",
        env: "prod".into(),
        command: "deploy".into(),
        title: "t".into(),
        steps: vec![step(), step()],
        notes: Vec::new(),
        data_loss: None,
    };
    let mut walk = Walk::new(&plan, &cx);
    walk.begun = vec![0, 1];
    let interrupt = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        stop.hard.cancel();
    };
    let both = async { tokio::join!(walk.put_back(None), interrupt) };
    let (report, ()) = tokio::time::timeout(Duration::from_secs(5), both).await.unwrap();
    assert_eq!((report.exit, report.detached), (Exit::Mixed, true));
    assert_eq!(fake.calls().len(), 1, "the other undo was not begun");
}
