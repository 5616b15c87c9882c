//! What this terminal can do, decided once.

use std::sync::Arc;

use console::Term;
use jiff::Timestamp;

use super::look::Look;
use crate::world::World;

/// `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Colour {
    #[default]
    Auto,
    Always,
    Never,
}

/// `--output`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    #[default]
    Human,
    Json,
    /// For a ticket; preflight and health only.
    Markdown,
    /// For the textfile collector of Prometheus; health only.
    Prometheus,
    /// For Nagios and its kin, with their exit codes; health only.
    Nagios,
    /// For tools that read findings of analysers; harden only.
    Sarif,
}

/// How events are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Live,
    Plain,
    Json,
}

/// Everything a [`super::Ui`] goes by.
#[derive(Clone)]
pub struct Options {
    pub format: Format,
    pub mode: Mode,
    /// In JSON: events go to stdout, and the last line is the result. Commands that only read print
    /// one object instead.
    pub stream: bool,
    pub quiet: bool,
    /// Somebody is there to answer.
    pub asks: bool,
    /// Lists are tables (stdout is a terminal), not tab-separated.
    pub table: bool,
    /// A view may have the whole of stdout's terminal.
    pub full: bool,
    /// Of stdout.
    pub data: Look,
    /// Of stderr.
    pub talk: Look,
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { format, mode, asks, table, .. } = self;
        write!(f, "Options {{ {format:?}, {mode:?}, asks: {asks}, table: {table} }}")
    }
}

/// What the command line says about talking.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wishes {
    pub format: Format,
    pub colour: Colour,
    pub verbose: u8,
    pub quiet: bool,
    pub no_input: bool,
    pub stream: bool,
}

impl Options {
    pub fn decide(world: &World, wishes: Wishes) -> Self {
        let terminal = world.terminal;
        let dumb = world.var("TERM").is_none_or(|term| term == "dumb");
        let human = wishes.format == Format::Human;
        let live = human && terminal.stderr && !dumb && world.var("CI").is_none();
        let colour = |is_terminal: bool| match wishes.colour {
            Colour::Always => true,
            Colour::Never => false,
            // The names are conventions: no-color.org, bixense.com/clicolors.
            Colour::Auto if world.var("NO_COLOR").is_some() => false,
            Colour::Auto if world.var("CLICOLOR_FORCE").is_some_and(|force| force != "0") => true,
            Colour::Auto => is_terminal && !dumb,
        };
        let look = |is_terminal: bool, term: Term| Look {
            width: if is_terminal { width(&term) } else { Look::PLAIN.width },
            colour: colour(is_terminal),
            verbose: wishes.verbose,
        };
        let options = Self {
            format: wishes.format,
            mode: match (wishes.format, live) {
                (Format::Json, _) => Mode::Json,
                (_, true) => Mode::Live,
                (_, false) => Mode::Plain,
            },
            stream: wishes.stream,
            quiet: wishes.quiet,
            asks: human && terminal.stdin && terminal.stderr && !wishes.no_input,
            table: human && terminal.stdout,
            full: human && terminal.stdout && !dumb && world.var("CI").is_none(),
            data: look(terminal.stdout, Term::stdout()),
            talk: look(terminal.stderr, Term::stderr()),
            clock: world.clock.clone(),
        };
        // indicatif and dialoguer go by these; what we paint goes by `Look`.
        console::set_colors_enabled(options.data.colour);
        console::set_colors_enabled_stderr(options.talk.colour);
        options
    }
}

/// Lines longer than about a hundred letters are hard to read, whatever the window.
fn width(term: &Term) -> usize {
    let columns = term.size_checked().map_or(80, |(_, columns)| usize::from(columns));
    columns.clamp(40, 120)
}

/// The last resort of a program that broke: no [`super::Ui`] is at hand.
pub fn fault(what: &str) {
    let lines = crate::text::lines(what.as_bytes()).join("\n  ");
    let text = format!(
        "ops has a fault of its own, please report it:\n  {lines}\nWhat runs on the droplets goes on; look with `ops runs list ENV`.\n"
    );
    // Nobody is left to be told that this could not be written.
    let _ = std::io::Write::write_all(&mut std::io::stderr(), text.as_bytes());
}

/// After a program that had the terminal and could not put it back: no second screen, mouse, colour or hidden cursor.
/// Nothing happens where stderr is no terminal.
pub fn sane() {
    let term = Term::stderr();
    if term.is_term() {
        let _ = term.write_str(
            "\x1b[?1049l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[?1l\x1b>\x1b[0m\r\n",
        );
        let _ = term.show_cursor();
    }
}

/// Gives back the cursor, whoever hid it, and the whole terminal, if a view has it. Nothing happens where stderr is no
/// terminal.
pub fn show_cursor() {
    super::canvas::give_back();
    let term = Term::stderr();
    if term.is_term() {
        // The terminal may be gone; then it has no cursor either.
        let _ = term.show_cursor();
    }
}
