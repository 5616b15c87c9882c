//! Hostile text in every argument of every command: refused with exit code 2, or taken as data.

use clap::CommandFactory;
use ops::cli::Cli;

use super::Laptop;

/// What a shell, an option parser, a path or a terminal would trip over. Every one would leave the
/// marker, was it executed.
pub(super) fn hostile() -> Vec<String> {
    let mut all: Vec<String> = [
        "$(canary_ran)",
        "`canary_ran`",
        "; canary_ran",
        "|canary_ran",
        "&&canary_ran",
        "'$(canary_ran)'",
        "\"$(canary_ran)\"",
        "'; canary_ran; '",
        "\"; canary_ran; \"",
        "x\ncanary_ran\n",
        "x\rcanary_ran",
        "-oProxyCommand=canary_ran",
        "--upload-pack=canary_ran",
        "ext::canary_ran",
        "-",
        "--",
        "../../bin/canary_ran",
        "x/../../y",
        "%h$(canary_ran)",
        "\u{1b}]0;owned\u{7}\u{1b}[2J",
        "\u{202e}gnp",
        "naïve-漢字",
        "",
        " ",
    ]
    .map(str::to_owned)
    .into();
    all.push("n".repeat(300));
    all
}

#[test]
fn no_argument_of_any_command_becomes_shell_or_breaks_the_terminal() {
    let laptop = Laptop::new();
    // Nothing is reached: what passes the command line ends there.
    laptop.change("/droplets/0/port", crate::transport::sshd::free_port("127.0.0.1"));
    let mut tried = 0;
    for (words, values) in commands() {
        for at in 0..values.len() {
            for text in hostile() {
                let mut args: Vec<&str> = words.iter().map(String::as_str).collect();
                let mut given: Vec<String> = Vec::new();
                for (index, (flag, usual)) in values.iter().enumerate() {
                    let value = if index == at { &text } else { usual };
                    match flag {
                        // So that what begins with a dash is a value and no option.
                        Some(flag) if index == at => given.push(format!("--{flag}={value}")),
                        None => given.push(value.clone()),
                        Some(_) => {}
                    }
                }
                args.extend(given.iter().map(String::as_str));
                let ran = laptop.ops(&args);
                let fine = ran.code.is_some_and(|code| [0, 1, 2, 3, 4].contains(&code));
                assert!(fine, "{args:?}\n{ran}");
                laptop.nothing_was_executed(&format!("{args:?}"));
                tried += 1;
            }
        }
    }
    assert!(tried > 500, "only {tried} command lines were tried");
}

/// A command's words, and its arguments: the flag, if it is one, and a value that is in order.
type Arguments = Vec<(Option<String>, String)>;

fn commands() -> Vec<(Vec<String>, Arguments)> {
    let mut found = Vec::new();
    let mut rest = vec![(Vec::new(), Cli::command())];
    while let Some((words, command)) = rest.pop() {
        for sub in command.get_subcommands() {
            let mut words: Vec<String> = words.clone();
            words.push(sub.get_name().to_owned());
            rest.push((words, sub.clone()));
        }
        if command.has_subcommands() {
            continue;
        }
        let takes = |arg: &&clap::Arg| arg.get_num_args().is_none_or(|count| count.takes_values());
        let mut values: Arguments = command
            .get_arguments()
            .filter(takes)
            .filter(|arg| arg.get_action().takes_values())
            .map(|arg| (arg.get_long().map(str::to_owned), usual(arg.get_id().as_str()).to_owned()))
            .collect();
        // Global options stand at the top only; each is tried with one command.
        if words == ["preflight"] {
            values.extend(
                Cli::command()
                    .get_arguments()
                    .filter(|arg| arg.get_action().takes_values())
                    .filter_map(|arg| Some((Some(arg.get_long()?.to_owned()), String::new()))),
            );
        }
        found.push((words, values));
    }
    found
}

fn usual(id: &str) -> &str {
    match id {
        "env" => "prod",
        "run" => "prod-20261120T215000Z-3fa2",
        "shell" => "bash",
        "dir" => "man",
        _ => "x",
    }
}
