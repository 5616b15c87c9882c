//! Others hear how a run on a real droplet ended, and those who cannot be told neither fail nor hold it.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::droplet::DEMO;
use crate::laptop::Laptop;

/// Answers every request well, and keeps it; or says nothing, for ever.
fn server(answers: bool) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (port, heard) = (listener.local_addr().unwrap().port(), Arc::new(Mutex::new(Vec::new())));
    let kept = heard.clone();
    std::thread::spawn(move || {
        let mut open = Vec::new();
        for mut stream in listener.incoming().flatten() {
            if !answers {
                open.push(stream);
                continue;
            }
            stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
            let mut text = Vec::new();
            // Until nothing comes any more: a request is small.
            let _ = stream.read_to_end(&mut text);
            kept.lock().unwrap().push(String::from_utf8_lossy(&text).into_owned());
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
    });
    (port, heard)
}

lab_test!(lab, demo, others_hear_how_a_run_ended_and_whoever_is_dead_fails_and_holds_nothing);
fn others_hear_how_a_run_ended_and_whoever_is_dead_fails_and_holds_nothing() {
    DEMO.fresh();
    let ((good, heard), (dead, _)) = (server(true), server(false));
    let notify = format!(
        "    modules: [ipai_docs]
    notify:
      - {{ kind: webhook, url: http://127.0.0.1:{good}/canary-4711 }}
      - {{ kind: slack, url: http://127.0.0.1:{good}/canary-4711, on: [put-back] }}
      - {{ kind: mattermost, url: http://127.0.0.1:{dead}/canary-4711 }}"
    );
    let laptop = Laptop::with(&[("    modules: [ipai_docs]", &notify)]);
    let warned = ["Warning: not told: mattermost at 127.0.0.1: no answer within 5 s", "ops notify test demo"];
    let ran = laptop.deploy(DEMO.env, "standin", &[]).exits(0).says(&warned);
    assert!(!ran.to_string().contains("canary"), "{ran}");
    assert_eq!(ran.err.matches("not told").count(), 1, "{ran}");
    // A plan that is only shown, and one that is declined, are nobody's business.
    laptop.ops(&["deploy", DEMO.env, "--ref", "standin-code", "--dry-run"]).exits(0);
    laptop.ops(&["deploy", DEMO.env, "--ref", "standin-code"]).exits(3);
    let begin = Instant::now();
    laptop.deploy(DEMO.env, "standin-crash", &[]).exits(6).says(&warned);
    assert!(begin.elapsed() < Duration::from_secs(100), "{:?}", begin.elapsed());
    let heard = heard.lock().unwrap().clone();
    assert_eq!(heard.len(), 3, "{heard:#?}");
    assert!(
        heard[0].contains("\"event\":\"succeeded\"") && heard[0].contains("\"command\":\"deploy\""),
        "{heard:#?}"
    );
    let put_back: Vec<_> = heard[1..].iter().filter(|text| text.contains("\"event\":\"put-back\"")).collect();
    assert!(put_back.len() == 1 && put_back[0].contains("\"droplet\":\"demo-1\""), "{heard:#?}");
    let chat = heard[1..].iter().find(|text| text.contains("\"text\":")).unwrap();
    assert!(
        chat.contains("deploy of demo failed and was put back") && chat.contains("ops runs show demo-"),
        "{chat}"
    );
}
