//! `ops health --notify`: told once, told again when nobody heard, and the way back.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use super::servers::{Server, Web};
use super::{FINE, laptop};
use crate::cli::{Laptop, Ran};
use crate::transport::sshd::free_port;

fn looks(laptop: &Laptop) -> Ran {
    laptop.ops(&["health", "prod", "--notify", "--confirm", "0"])
}

fn hook(url: &str) -> Value {
    json!([{ "kind": "webhook", "url": url, "on": ["health"] }])
}

/// The messages, as programs read them.
fn said(server: &Server) -> Vec<Value> {
    let body = |request: String| serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap();
    server.heard().into_iter().map(body).collect()
}

/// The inventory with this channel, and the droplet at this port where it is not its own.
fn write(laptop: &Laptop, url: &str, port: Option<u16>) {
    let mut inventory = laptop.inventory();
    let prod = &mut inventory["environments"]["prod"];
    prod["notify"] = hook(url);
    if let Some(port) = port {
        prod["droplets"][0]["port"] = port.into();
    }
    laptop.write(&inventory);
}

#[test]
fn a_droplet_that_goes_and_comes_back_is_told_once_each() {
    let server = Server::web(Web::Answers(FINE));
    let laptop = Laptop::new();
    write(&laptop, &server.url(), Some(free_port("127.0.0.1")));
    looks(&laptop).exits(4).says("1 change of prod told: webhook at 127.0.0.1");
    looks(&laptop).exits(4);
    let heard = said(&server);
    assert_eq!(heard.len(), 1, "{heard:#?}");
    let one = &heard[0];
    assert_eq!((&one["event"], &one["status"]), (&json!("unwell"), &json!("unknown")), "{one:#}");
    let change = &one["changes"][0];
    assert_eq!(
        (&change["check"], &change["was"], &change["now"]),
        (&json!("droplet"), &json!("ok"), &json!("unknown"))
    );
    assert!(change["evidence"].as_str().unwrap().contains("refuses the connection"), "{change:#}");

    write(&laptop, &server.url(), None);
    looks(&laptop);
    let back = said(&server)[1]["changes"].as_array().unwrap().clone();
    assert!(back.iter().any(|change| change["check"] == "droplet" && change["now"] == "ok"), "{back:#?}");
}

#[test]
fn what_nobody_heard_is_told_at_the_next_look() {
    let broken = Server::web(Web::Answers("HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"));
    let (laptop, port) = (Laptop::new(), free_port("127.0.0.1"));
    write(&laptop, &broken.url(), Some(port));
    // The exit code is that of the droplet's health all the same.
    looks(&laptop).exits(4).says("was not told: it answers 500").says("ops notify test prod");
    let server = Server::web(Web::Answers(FINE));
    write(&laptop, &server.url(), Some(port));
    looks(&laptop).exits(4);
    assert_eq!(said(&server).len(), 1);
}

#[test]
fn a_look_at_one_droplet_forgets_nothing_of_the_others() {
    let server = Server::web(Web::Answers(FINE));
    let laptop = Laptop::new();
    let mut inventory = laptop.inventory();
    let prod = &mut inventory["environments"]["prod"];
    prod["notify"] = hook(&server.url());
    prod["droplets"][0]["port"] = free_port("127.0.0.1").into();
    prod["droplets"][0]["roles"] = json!(["web", "db"]);
    let mut second = prod["droplets"][0].clone();
    second["name"] = "erp-2".into();
    second["port"] = free_port("127.0.0.1").into();
    second["roles"] = json!(["web"]);
    prod["droplets"].as_array_mut().unwrap().push(second);
    laptop.write(&inventory);
    looks(&laptop).exits(4).says("2 changes of prod told");
    laptop.ops(&["health", "prod", "--notify", "--confirm", "0", "--droplet", "erp-1"]).exits(4);
    looks(&laptop).exits(4);
    assert_eq!(said(&server).len(), 1, "what was told already is told again");
}

#[test]
fn whoever_tells_nobody_is_told_so() {
    let laptop = laptop(json!([{ "kind": "webhook", "url": "https://example.com/x", "on": ["failed"] }]));
    looks(&laptop).exits(2).says("prod tells nobody of its health").says("`health` among its `on`");
    laptop.ops(&["health", "prod", "--confirm", "3"]).exits(2).says("--notify");
    laptop.ops(&["health", "prod", "--notify", "--only", "database"]).exits(2);
}

#[test]
fn a_change_that_is_gone_at_the_second_look_is_told_to_nobody() {
    let server = Server::web(Web::Answers(FINE));
    let mut laptop = laptop(hook(&server.url()));
    // All that is not well on this machine was told.
    looks(&laptop);
    let before = said(&server).len();
    laptop.sshd.stop();
    let mut command = laptop.command(&["health", "prod", "--notify", "--confirm", "6"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_secs(3));
    laptop.sshd.restart();
    let ended = child.wait_with_output().unwrap();
    let err = String::from_utf8_lossy(&ended.stderr);
    assert_ne!(ended.status.code(), Some(4), "{err}");
    assert_eq!(said(&server).len(), before, "{err}");
}
