//! Broken inventories by the thousand: no panic, no hang, one clear error or a sound inventory.
//!
//! `OPS_FUZZ_CASES` says how many (`make fuzz`: a million), `OPS_SEED` the number of the first. A case
//! is made from its number alone, so that a failure can be repeated.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ops::inventory::{parse_bytes, resolved};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use super::{EXAMPLE, SMALL, computed, parse};
use crate::seed::Seed;

/// The longest that one text may compute.
const BOUND: Duration = Duration::from_secs(5);
/// After this a watcher says that a text hangs; the machine may be busy with other things.
const PATIENCE: Duration = Duration::from_secs(60);

const TOKENS: [&str; 44] = [
    ":",
    ": ",
    "-",
    "- ",
    "?",
    "? ",
    "[",
    "]",
    "{",
    "}",
    ",",
    "&a",
    "*a",
    "&a ",
    "*a ",
    "<<: *a",
    "<<: {",
    "!",
    "!!int ",
    "!!binary ",
    "!x ",
    "|",
    "|2-\n",
    ">",
    ">+\n",
    "'",
    "\"",
    "\\",
    "\"\\x\"",
    "%YAML 1.2\n",
    "---\n",
    "...\n",
    "#",
    "~",
    "null",
    "\t",
    "\r",
    "\u{feff}",
    "\0",
    "\u{202e}",
    "0x7f",
    "1e999",
    ".nan",
    "{env: X}",
];

#[derive(Default)]
struct Worker {
    /// The case at work plus one; 0 when done.
    case: AtomicU64,
    accepted: AtomicU64,
}

#[test]
fn fuzz_broken_inventories() {
    let seed = Seed::of("fuzz_broken_inventories");
    let (cases, seed) = (cases(), u64::from(seed.number()));
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let workers: Vec<_> = (0..threads)
        .map(|first| {
            let worker = Arc::new(Worker::default());
            let mine = Arc::clone(&worker);
            let thread = std::thread::spawn(move || {
                let numbers = (seed + first..seed + cases).step_by(threads as usize);
                numbers.for_each(|number| mine.try_case(number));
                mine.case.store(0, Ordering::Relaxed);
            });
            (worker, thread, (0, Instant::now()))
        })
        .collect();
    let accepted = watch(workers);
    // If nearly all are accepted or refused at once, this tests less than it seems to.
    assert!(accepted * 50 > cases && accepted * 2 < cases, "{accepted} of {cases} were accepted");
}

type Watched = (Arc<Worker>, std::thread::JoinHandle<()>, (u64, Instant));

fn watch(mut workers: Vec<Watched>) -> u64 {
    let mut accepted = 0;
    while !workers.is_empty() {
        std::thread::sleep(Duration::from_millis(20));
        for (worker, _, (case, since)) in &mut workers {
            let now = worker.case.load(Ordering::Relaxed);
            if now != *case {
                (*case, *since) = (now, Instant::now());
            }
            assert!(now == 0 || since.elapsed() < PATIENCE, "case {} hangs", now - 1);
        }
        let (done, rest) = workers.into_iter().partition(|(_, thread, _)| thread.is_finished());
        workers = rest;
        for (worker, thread, _) in done {
            thread.join().expect("a case failed; its number is above");
            accepted += worker.accepted.load(Ordering::Relaxed);
        }
    }
    accepted
}

impl Worker {
    fn try_case(&self, number: u64) {
        self.case.store(number + 1, Ordering::Relaxed);
        let text = broken(number);
        let started = computed();
        let sound = catch_unwind(AssertUnwindSafe(|| check(&text)));
        assert!(computed() - started < BOUND, "case {number} took {:?}", computed() - started);
        match sound {
            Ok(accepted) => self.accepted.fetch_add(u64::from(accepted), Ordering::Relaxed),
            Err(_) => panic!("case {number}: {:?}", String::from_utf8_lossy(&text)),
        };
    }
}

/// Whether the text was accepted. What is accepted is sound: shown, it can be read again and means
/// the same (where nothing is hidden).
fn check(text: &[u8]) -> bool {
    match parse_bytes(text, Path::new("/project/ops.yaml"), Path::new("/home/alice")) {
        Ok(inventory) => {
            for environment in inventory.environments.values() {
                let shown = resolved(environment);
                if shown.contains("***") {
                    continue;
                }
                let indented: String = shown.lines().map(|line| format!("  {line}\n")).collect();
                let head =
                    format!("version: 1\nproject: {}\nenvironments:\n", serde_json::json!(inventory.project));
                let again =
                    parse(&format!("{head}{indented}")).unwrap_or_else(|e| panic!("{e:?}\n{indented}"));
                assert_eq!(again.environments[&environment.name], *environment);
            }
            true
        }
        Err(error) => {
            assert_eq!(error.exit.code(), 2);
            let lines = error.evidence.iter().flat_map(|evidence| &evidence.lines);
            for line in [&error.what].into_iter().chain(&error.why).chain(&error.next).chain(lines) {
                assert!(!line.chars().any(char::is_control) && line.len() < 2_000, "{line:?}");
            }
            false
        }
    }
}

fn broken(number: u64) -> Vec<u8> {
    let mut rng = SmallRng::seed_from_u64(number);
    let mut text = match rng.random_range(0..20) {
        0 => (0..rng.random_range(0..400)).map(|_| rng.random()).collect(),
        1 => (0..rng.random_range(0..80))
            .flat_map(|_| TOKENS[rng.random_range(0..TOKENS.len())].bytes())
            .collect(),
        2..8 => EXAMPLE.as_bytes().to_vec(),
        _ => SMALL.as_bytes().to_vec(),
    };
    for _ in 0..rng.random_range(1..6) {
        mutate(&mut text, &mut rng);
    }
    text
}

fn mutate(text: &mut Vec<u8>, rng: &mut SmallRng) {
    let at = rng.random_range(0..=text.len());
    match rng.random_range(0..9) {
        0 if at < text.len() => text[at] ^= 1 << rng.random_range(0..8),
        1 if at < text.len() => text[at] = rng.random_range(b' '..=b'~'),
        2 => text.truncate(at),
        3 => {
            let token = TOKENS[rng.random_range(0..TOKENS.len())];
            text.splice(at..at, token.bytes());
        }
        4 => {
            // A piece of the text, somewhere else; now and then many times.
            let end = (at + rng.random_range(1..40)).min(text.len());
            let times = if rng.random_range(0..50) == 0 { 500 } else { 1 };
            let piece = text[at..end].repeat(times);
            let to = rng.random_range(0..=text.len());
            text.splice(to..to, piece);
        }
        _ => mutate_lines(text, rng),
    }
}

fn mutate_lines(text: &mut Vec<u8>, rng: &mut SmallRng) {
    let mut lines: Vec<Vec<u8>> = text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let (one, other) = (rng.random_range(0..lines.len()), rng.random_range(0..lines.len()));
    match rng.random_range(0..5) {
        0 => drop(lines.remove(one)),
        1 => lines.insert(other, lines[one].clone()),
        2 => lines.swap(one, other),
        3 => lines[one].splice(0..0, *b"  ").for_each(drop),
        _ => {
            let blanks = lines[one].iter().take_while(|byte| **byte == b' ').count();
            lines[one].drain(..blanks.min(2));
        }
    }
    *text = lines.join(&b'\n');
}

#[expect(clippy::disallowed_methods, reason = "the person who runs the test says how long")]
fn cases() -> u64 {
    std::env::var("OPS_FUZZ_CASES").map_or(2_000, |text| text.parse().expect("a number"))
}
