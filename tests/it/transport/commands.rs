//! Commands and their answers, over ssh and on this machine: the same protocol, the same tests.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ops::cmd::Cmd;
use ops::inventory::{Address, Become, Droplet, Role};
use ops::program::Program;
use ops::secret::Secret;
use ops::transport::{Call, ConnectOptions, Output, Transport, TransportError, connect};

use super::sshd::{Sshd, processes_beside, world};

/// Both transports; the sshd lives as long as they do.
async fn both() -> (Sshd, Vec<Arc<dyn Transport>>) {
    let sshd = Sshd::start();
    let far = connect(&sshd.droplet(), &sshd.world(), ConnectOptions::default()).await.unwrap();
    let local = Address::Local { r#become: Become::No };
    let here = Droplet {
        name: "here".to_owned(),
        address: local,
        roles: vec![Role::Web],
        compose: vec!["compose.yaml".into()],
    };
    let near = connect(&here, &world(sshd.dir.path()), ConnectOptions::default()).await.unwrap();
    (sshd, vec![far, near])
}

fn script(text: &'static str) -> Cmd {
    Cmd::new("sh").args(["-c", text, "ops"])
}

async fn run(to: &Arc<dyn Transport>, cmd: &Cmd) -> Output {
    to.run(Call::new(cmd).timeout(Duration::from_secs(20))).await.unwrap()
}

#[tokio::test]
async fn every_exit_code_is_the_commands_own() {
    let (_sshd, transports) = both().await;
    for to in &transports {
        for code in [0, 1, 2, 96, 97, 126, 127, 128, 255] {
            let cmd = Cmd::script(Program::shell("test", &["exit \"$1\""]), [code.to_string()]);
            assert_eq!(run(to, &cmd).await.code, code);
        }
        assert_eq!(run(to, &Cmd::new("no-such-program-here")).await.code, 127);
        assert_eq!(run(to, &Cmd::new("true").dir("/no/such/directory")).await.code, 2);
        assert_eq!(run(to, &script("kill -KILL $$")).await.code, 137, "killed is known, not success");
        let cmd = script("printf out; printf err >&2; exit 3");
        let output = run(to, &cmd).await;
        assert_eq!((output.stdout.as_slice(), output.stderr.as_slice()), (&b"out"[..], &b"err"[..]));
        assert_eq!((output.code, output.truncated), (3, false));
    }
}

#[tokio::test]
async fn a_command_whose_reporting_shell_is_killed_has_no_status() {
    let (_sshd, transports) = both().await;
    for to in &transports {
        let started = Instant::now();
        let cmd = script("echo working; kill -KILL $PPID; exit 0");
        let error = to.run(Call::new(&cmd)).await.unwrap_err();
        assert!(matches!(error, TransportError::NoStatus { .. }), "{error:?}");
        assert!(started.elapsed() < Duration::from_secs(10));
    }
}

#[tokio::test]
async fn a_command_that_outlasts_its_time_has_no_status() {
    let (_sshd, transports) = both().await;
    for to in &transports {
        let cmd = Cmd::new("sleep").arg("5");
        let error = to.run(Call::new(&cmd).timeout(Duration::from_millis(300))).await.unwrap_err();
        assert!(matches!(error, TransportError::NoStatus { .. }), "{error:?}");
        assert_eq!(run(to, &Cmd::new("true")).await.code, 0, "the connection is still good");
    }
}

#[tokio::test]
async fn a_child_left_in_the_background_does_not_hold_the_answer() {
    let (_sshd, transports) = both().await;
    for to in &transports {
        let started = Instant::now();
        assert_eq!(run(to, &script("sleep 8 & echo done")).await.stdout, b"done\n");
        assert!(started.elapsed() < Duration::from_secs(4));
    }
}

#[tokio::test]
async fn large_output_and_large_input_pass_at_once_and_are_bounded() {
    let (_sshd, transports) = both().await;
    for to in &transports {
        let text = "0123456789abcde\n".repeat(400_000);
        let secret = Secret::new(text.clone());
        let cmd = script("tee /dev/stderr");
        let call = Call::new(&cmd).input(&secret).limit(10 << 20).timeout(Duration::from_secs(60));
        let output = to.run(call).await.unwrap();
        assert!(output.stdout == text.as_bytes() && output.stderr == text.as_bytes() && !output.truncated);

        let cmd = script("head -c 30000000 /dev/zero; head -c 30000000 /dev/zero >&2; exit 9");
        let output = to.run(Call::new(&cmd).limit(1000)).await.unwrap();
        assert_eq!((output.code, output.truncated), (9, true));
        assert_eq!((output.stdout.len(), output.stderr.len()), (1000, 1000));
    }
}

#[tokio::test]
async fn a_stream_arrives_while_the_command_runs() {
    let (_sshd, transports) = both().await;
    for to in &transports {
        let (mut seen, started) = (Vec::new(), Instant::now());
        let cmd = script("for i in 1 2 3; do echo $i; sleep 0.4; done; exit 4");
        let output = to
            .stream(Call::new(&cmd), &mut |chunk| seen.push((started.elapsed(), chunk.to_vec())))
            .await
            .unwrap();
        assert_eq!((output.code, output.stdout.len()), (4, 0));
        assert_eq!(seen.iter().flat_map(|(_, chunk)| chunk.clone()).collect::<Vec<_>>(), b"1\n2\n3\n");
        assert_eq!(seen[0].1, b"1\n", "a whole line is not held back");
        assert!(seen[0].0 + Duration::from_millis(500) < seen[2].0, "{seen:?}");
    }
}

#[tokio::test]
async fn stdin_is_what_was_given_and_nothing_else() {
    let (_sshd, transports) = both().await;
    for to in &transports {
        assert_eq!(run(to, &Cmd::new("cat")).await.stdout, b"", "no stdin is an empty stdin");
        assert_eq!(run(to, &script("cat; echo end")).await.stdout, b"end\n");
        let odd = "\0\u{1}\u{1e}\u{7f}\r\n-n\\0 $(id) ' é\u{10ffff}\n\n";
        assert_eq!(run(to, &Cmd::new("cat").stdin(odd)).await.stdout, odd.as_bytes());
        let secret = Secret::new("secret".to_owned());
        let cmd = Cmd::new("cat").stdin("text,");
        assert_eq!(to.run(Call::new(&cmd).input(&secret)).await.unwrap().stdout, b"text,secret");
        let ignored = Secret::new("x".repeat(1 << 20));
        let output = to.run(Call::new(&Cmd::new("true")).input(&ignored)).await.unwrap();
        assert_eq!(output.code, 0, "a command need not read its stdin");
    }
}

#[tokio::test]
async fn neither_the_secret_nor_the_script_is_seen_in_the_process_list() {
    let (_sshd, transports) = both().await;
    for to in &transports {
        let secret = Secret::new("canary-4711-secret".to_owned());
        let cmd = Cmd::script(
            Program::shell("test", &["sleep 60.0411; cat # canary-4712-script $1"]),
            ["canary-4713-argument"],
        );
        let call = to.run(Call::new(&cmd).input(&secret));
        let (output, seen) = tokio::join!(call, processes_beside("sleep 60.0411"));
        assert_eq!(output.unwrap().stdout, b"canary-4711-secret");
        let leaks: Vec<_> = seen.iter().filter(|line| line.contains("canary-471")).collect();
        assert!(leaks.is_empty(), "{leaks:?}");
    }
}

#[tokio::test]
async fn a_script_of_a_megabyte_runs() {
    let (_sshd, transports) = both().await;
    let text: &'static str = format!("# {}\necho \"$1\"; exit 7", "x".repeat(1 << 20)).leak();
    let parts: &'static [&'static str] = vec![text].leak();
    for to in &transports {
        let output = run(to, &Cmd::script(Program::shell("test", parts), ["a b"])).await;
        assert_eq!((output.code, output.stdout.as_slice()), (7, &b"a b\n"[..]));
        let output = run(to, &Cmd::new("printf").arg("%s").arg("y".repeat(100_000))).await;
        assert_eq!(output.stdout.len(), 100_000);
    }
}

#[tokio::test]
async fn hostile_arguments_arrive_as_they_are() {
    let (sshd, transports) = both().await;
    let trap = sshd.path("trap");
    let long = "n".repeat(3000);
    let hostile = [
        format!("$(touch {})", trap.display()),
        format!("`touch {}`", trap.display()),
        format!("'; touch {}; '", trap.display()),
        format!("\n#\ntouch {}\n", trap.display()),
        "-rf".to_owned(),
        "../../no-such/x".to_owned(),
        "é\u{202e}\u{1e}".to_owned(),
        long,
    ];
    for to in &transports {
        for text in &hostile {
            let cmd = Cmd::script(Program::shell("test", &["printf %s \"$1\""]), [text.clone()]);
            assert_eq!(run(to, &cmd).await.stdout, text.as_bytes());
            let cmd = Cmd::new("printenv").arg("A").env("A", text);
            assert_eq!(run(to, &cmd).await.stdout, format!("{text}\n").as_bytes());
            assert_ne!(run(to, &Cmd::new("true").dir(text)).await.code, 0);
            assert_eq!(run(to, &Cmd::new(text)).await.code, 127);
        }
    }
    assert!(!trap.exists());
}

#[tokio::test]
async fn an_answer_that_looks_like_ours_is_just_output() {
    let (_sshd, transports) = both().await;
    for to in &transports {
        // A command may well print what it can see of our framing; without the word of *this* call
        // it is text.
        let cmd = script("printf '\\036%s-0\\n' 00112233445566778899aabb; exit 5");
        assert_eq!(run(to, &cmd).await.code, 5);
        let cmd = script("trap 'echo bye' EXIT; set -e; false; echo not reached");
        let output = run(to, &cmd).await;
        assert_eq!((output.code, output.stdout.as_slice()), (1, &b"bye\n"[..]));
    }
}

#[tokio::test]
async fn twenty_commands_at_once_share_the_connection() {
    let (_sshd, transports) = both().await;
    for to in &transports {
        let commands: Vec<_> = (0..20)
            .map(|i| Cmd::script(Program::shell("test", &["sleep 0.1; echo \"$1\""]), [i.to_string()]))
            .collect();
        let outputs = futures_util::future::join_all(commands.iter().map(|cmd| run(to, cmd))).await;
        for (i, output) in outputs.iter().enumerate() {
            assert_eq!(output.stdout, format!("{i}\n").as_bytes());
        }
    }
}
