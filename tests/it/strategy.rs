//! How a new release is brought to a droplet: beside the old one, or in its place, and why.

use ops::facts::{Facts, Listening};
use ops::inventory::{Environment, Strategy};
use ops::record::Slot;
use ops::runbooks::deploy::Model;
use ops::runbooks::deploy::strategy::{Ground, Handover, Way, decide};
use serde_json::json;

use super::sample;

struct Case {
    env: Environment,
    facts: Facts,
    model: Model,
}

fn case() -> Case {
    Case { env: sample::environment(), facts: sample::facts(), model: sample::staged().model.unwrap() }
}

impl Case {
    fn decide(&self, asked: Strategy) -> Result<Way, String> {
        let Self { env, facts, model } = self;
        decide(Ground { env, facts, model, moved: &[] }, asked)
    }

    #[track_caller]
    fn handover(&self) -> Handover {
        match self.decide(Strategy::Auto) {
            Ok(Way::BlueGreen(handover)) => handover,
            other => panic!("{other:?}"),
        }
    }

    /// Why it is recreated; and blue-green is refused with the same words.
    #[track_caller]
    fn why_not(&self) -> String {
        match self.decide(Strategy::Auto) {
            Ok(Way::Recreate(Some(why))) => {
                assert_eq!(self.decide(Strategy::BlueGreen), Err(why.clone()));
                why
            }
            other => panic!("{other:?}"),
        }
    }
}

fn said(handover: &Handover) -> Vec<(&str, &str, &str)> {
    handover.servers.iter().map(|one| (&*one.upstream, &*one.old, &*one.new)).collect()
}

#[test]
fn a_usual_stack_alternates_between_two_slots() {
    let mut case = case();
    let first = case.handover();
    assert_eq!((first.from, first.to), (Slot::A, Slot::B));
    assert_eq!(said(&first), [("odoo", "127.0.0.1:8069", "127.0.0.1:18069")]);

    // The second slot serves, the first is drained and stopped.
    let mut twin = sample::container("odoo");
    twin.service = "odoo-b".into();
    twin.ports[0].host = 18069;
    let containers = case.facts.containers.as_mut().unwrap();
    containers[1].state = "exited".into();
    containers.push(twin);
    case.facts.state.as_mut().unwrap().releases[0].slot = Slot::B;
    case.facts.listeners.as_mut().unwrap()[1].port = 18069;
    case.facts.proxy.as_mut().unwrap().as_mut().unwrap().upstreams.get_mut("odoo").unwrap()[0] =
        "127.0.0.1:18069".into();
    let back = case.handover();
    assert_eq!((back.from, back.to), (Slot::B, Slot::A));
    assert_eq!(said(&back), [("odoo", "127.0.0.1:18069", "127.0.0.1:8069")]);
}

#[test]
fn nginx_in_a_container_asks_by_name() {
    let mut case = case();
    case.env.proxy.as_mut().unwrap().container = Some("nginx".into());
    case.env.proxy.as_mut().unwrap().websocket_upstream = Some("bus".into());
    case.model.json["services"]["odoo"] = json!({});
    let state = case.facts.proxy.as_mut().unwrap().as_mut().unwrap();
    state.upstreams = [
        ("odoo".to_owned(), vec!["odoo:8069".to_owned(), "other:8069".to_owned()]),
        ("bus".to_owned(), vec!["odoo-odoo-1:8072".to_owned()]),
    ]
    .into();
    let handover = case.handover();
    assert_eq!(
        said(&handover),
        [("odoo", "odoo:8069", "odoo-b:8069"), ("bus", "odoo-odoo-1:8072", "odoo-b:8072")]
    );
    let state = case.facts.proxy.as_mut().unwrap().as_mut().unwrap();
    state.elsewhere = vec!["http://odoo:8069/jsonrpc".into()];
    assert!(case.why_not().contains("also sends to http://odoo:8069/jsonrpc"));
    let state = case.facts.proxy.as_mut().unwrap().as_mut().unwrap();
    (state.elsewhere, state.site_seen) = (Vec::new(), false);
    assert!(case.why_not().contains("an editor replaced the file"));
    case.facts.proxy.as_mut().unwrap().as_mut().unwrap().site_file = None;
    assert!(case.why_not().contains("mount it"));
}

#[test]
fn what_cannot_be_done_beside_is_done_in_place_and_says_why() {
    type Change = fn(&mut Case);
    fn proxy(case: &mut Case) -> &mut ops::facts::ProxyState {
        case.facts.proxy.as_mut().unwrap().as_mut().unwrap()
    }
    let cases: [(Change, &str); 12] = [
        (|case| case.env.proxy = None, "names no proxy"),
        (|case| case.facts.containers.as_mut().unwrap()[1].state = "exited".into(), "does not run"),
        (|case| case.model.json["services"]["odoo"]["network_mode"] = json!("host"), "network_mode: host"),
        (
            |case| {
                case.model.json["services"]["odoo"]["volumes"] =
                    json!([{"type": "bind", "source": "/srv/addons", "target": "/mnt/extra-addons"}]);
            },
            "/srv/addons is mounted by its absolute path",
        ),
        (|case| proxy(case).running = false, "nginx does not run"),
        (|case| proxy(case).config_tested = false, "only root"),
        (|case| proxy(case).upstreams.clear(), "has no upstream odoo"),
        (
            |case| proxy(case).upstreams.get_mut("odoo").unwrap()[0] = "127.0.0.1:9000".into(),
            "not the running container",
        ),
        (|case| proxy(case).elsewhere.push("http://127.0.0.1:8069".into()), "also sends to"),
        (
            |case| {
                let other = Listening { address: "127.0.0.1".into(), port: 18069, process: None };
                case.facts.listeners.as_mut().unwrap().push(other);
            },
            "port 18069",
        ),
        (|case| case.facts.memory.as_mut().unwrap().available = 500_000_000, "no memory for two"),
        (|case| proxy(case).config_fault = Some("unknown directive".into()), "unknown directive"),
    ];
    for (change, why) in cases {
        let mut case = case();
        change(&mut case);
        let said = case.why_not();
        assert!(said.contains(why), "{why}: {said}");
    }
}

#[test]
fn recreating_can_be_asked_for_and_a_first_deploy_has_nothing_to_stand_beside() {
    let mut case = case();
    assert!(matches!(case.decide(Strategy::Recreate), Ok(Way::Recreate(Some(_)))));
    case.facts.containers = Ok(vec![sample::container("db")]);
    assert_eq!(case.decide(Strategy::BlueGreen), Ok(Way::Recreate(None)));
}
