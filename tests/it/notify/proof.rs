//! `ops doctor` knows when the channels were tried last from this laptop, and how that went.

use ops::checks::Verdict;
use ops::checks::doctor::{self, Proof};
use serde_json::{Value, json};

use super::servers::{Server, Web};
use super::{FINE, laptop};
use crate::cli::Laptop;

/// The status of the check, and what it says.
fn told(laptop: &Laptop) -> (String, String) {
    let ran = laptop.ops(&["doctor", "prod", "--output", "json"]);
    let json: Value = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}\n{ran}"));
    let all = json["laptop"]["checks"].as_array().unwrap();
    let one = all.iter().find(|check| check["id"] == "laptop.notify").unwrap();
    let text = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
    (text("status"), text("evidence") + "; " + &text("hint"))
}

#[test]
fn the_last_test_of_the_channels_is_remembered() {
    assert_eq!(told(&laptop(json!([]))).0, "skipped");
    let server = Server::web(Web::Answers(FINE));
    let hook = |url: String| json!([{ "kind": "webhook", "url": url }]);
    let laptop = laptop(hook(server.url()));
    let never = "the channels of prod were never tried from here; ops notify test prod";
    assert_eq!(told(&laptop), ("warning".to_owned(), never.to_owned()));
    laptop.ops(&["notify", "test", "prod"]).exits(0);
    let (status, said) = told(&laptop);
    assert!(status == "ok" && said.starts_with("tried "), "{status} {said}");

    let broken = Server::web(Web::Answers("HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"));
    let mut inventory = laptop.inventory();
    inventory["environments"]["prod"]["notify"] = hook(broken.url());
    laptop.write(&inventory);
    laptop.ops(&["notify", "test", "prod"]).exits(9);
    let failed = "webhook of prod could not be told at the last test; ops notify test prod";
    assert_eq!(told(&laptop), ("warning".to_owned(), failed.to_owned()));
}

#[test]
fn an_old_test_of_the_channels_proves_nothing() {
    let day = 24 * 60 * 60;
    let said = |days: i64| {
        let proof = Proof { env: "prod".into(), at: Some(1_790_000_000 - days * day), failed: Vec::new() };
        let laptop = doctor::Laptop {
            client: Err(String::new()),
            agent: doctor::Agent::NotSet,
            identities: Vec::new(),
            known_hosts: Vec::new(),
            config: doctor::Config::Missing { example: String::new() },
            asked: false,
            shown: doctor::Shown { terminal: false, width: 80, colour: false, utf8: true },
            proofs: vec![proof],
            now: 1_790_000_000,
        };
        doctor::judge(&laptop).into_iter().find(|one| one.id == "laptop.notify").unwrap().verdict
    };
    assert_eq!(said(29), Verdict::pass("tried 29 days ago"));
    assert_eq!(
        said(31),
        Verdict::warn("the channels of prod were tried 31 days ago", "ops notify test prod")
    );
    // A clock that was put back makes nothing old.
    assert_eq!(said(-400), Verdict::pass("tried 0 s ago"));
}
