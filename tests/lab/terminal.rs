//! A person at a terminal: `ops` on a pseudo-terminal of 80 columns, what it shows, what is typed.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use expectrl::process::unix::WaitStatus;
use expectrl::session::OsSession;
use expectrl::{Expect, Session};
use indicatif::{InMemoryTerm, TermLike};

/// The longest that anything may take to be shown, and a whole command to end.
const PATIENCE: Duration = Duration::from_secs(90);
const WHOLE: Duration = Duration::from_secs(300);

pub const CTRL_C: &str = "\x03";
pub const CTRL_D: &str = "\x04";

pub struct Terminal {
    session: OsSession,
    /// Everything that was written, as bytes of the terminal.
    raw: Vec<u8>,
    /// Where the next `sees` begins to look.
    from: usize,
    /// Columns and lines, and what was written before the window had them.
    window: (u16, u16, usize),
}

impl Terminal {
    pub fn start(mut command: Command) -> Self {
        command.env("TERM", "xterm-256color").stdin(Stdio::inherit());
        let session = Session::spawn(command).unwrap();
        Self { session, raw: Vec::new(), from: 0, window: (80, 24, 0) }
    }

    /// Waits until this is written, after what was seen before. Blanks and line ends are all one.
    #[track_caller]
    pub fn sees(&mut self, text: &str) -> &mut Self {
        let wanted = plain(text.as_bytes());
        let deadline = Instant::now() + PATIENCE;
        loop {
            if plain(&self.raw[self.from..]).contains(&wanted) {
                self.from = self.raw.len();
                return self;
            }
            let more = self.read();
            assert!(more && Instant::now() < deadline, "not seen: {text}\n{}", self.shown());
        }
    }

    #[track_caller]
    pub fn types(&mut self, text: &str) -> &mut Self {
        self.session.send(text).unwrap();
        self
    }

    /// As the person makes the window: columns and lines.
    #[track_caller]
    pub fn resize(&mut self, columns: u16, lines: u16) -> &mut Self {
        self.session.get_process_mut().set_window_size(columns, lines).unwrap();
        self.window = (columns, lines, self.raw.len());
        self
    }

    /// What stands on the screen now, line by line. After a change of the window: what was drawn since then.
    pub fn screen(&self) -> Vec<String> {
        let (columns, lines, from) = self.window;
        let screen = InMemoryTerm::new(lines, columns);
        let before = String::from_utf8_lossy(&self.raw[..from]);
        if before.rfind("\x1b[?1049h") > before.rfind("\x1b[?1049l") {
            screen.write_str("\x1b[?1049h").unwrap();
        }
        screen.write_str(&String::from_utf8_lossy(&self.raw[from..])).unwrap();
        screen.contents().lines().map(str::to_owned).collect()
    }

    /// Waits until all of these texts stand on the screen at once; the screen.
    #[track_caller]
    pub fn shows(&mut self, texts: &[&str]) -> Vec<String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.quiet(Duration::from_millis(100));
            let screen = self.screen();
            let all = screen.join("\n");
            if texts.iter().all(|text| all.contains(text)) {
                return screen;
            }
            assert!(Instant::now() < deadline, "not on the screen: {texts:?}\n{all}");
        }
    }

    /// A question is the last thing on the screen and stays it: nothing is drawn over it, and the
    /// cursor is there to type at.
    #[track_caller]
    pub fn is_asked(&mut self, question: &str) -> &mut Self {
        self.sees(question);
        self.quiet(Duration::from_millis(600));
        let (text, wanted) = (plain(&self.raw), plain(question.as_bytes()));
        assert!(text.ends_with(&wanted), "something is drawn after the question\n{}", self.shown());
        self.has_cursor();
        self
    }

    /// The exit code.
    #[track_caller]
    pub fn ends(&mut self) -> i32 {
        let deadline = Instant::now() + WHOLE;
        while self.read() {
            assert!(Instant::now() < deadline, "it does not end\n{}", self.shown());
        }
        self.has_cursor();
        match self.session.get_process().wait().unwrap() {
            WaitStatus::Exited(_, code) => code,
            status => panic!("{status:?}\n{}", self.shown()),
        }
    }

    /// All that was shown, without the drawing.
    pub fn shown(&self) -> String {
        console::strip_ansi_codes(&String::from_utf8_lossy(&self.raw)).into_owned()
    }

    #[track_caller]
    fn has_cursor(&self) {
        let text = String::from_utf8_lossy(&self.raw);
        let (hidden, given) = (text.rfind("\x1b[?25l"), text.rfind("\x1b[?25h"));
        assert!(hidden <= given, "the cursor is hidden\n{}", self.shown());
    }

    /// Reads for as long.
    fn quiet(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end && self.read() {}
    }

    /// Reads what is there, waiting a little; false at the end.
    fn read(&mut self) -> bool {
        let mut buffer = [0; 8192];
        match self.session.try_read(&mut buffer) {
            Ok(0) => false,
            Ok(count) => {
                self.raw.extend(&buffer[..count]);
                true
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                std::thread::sleep(Duration::from_millis(10));
                true
            }
            // How Linux says that the other side closed the terminal.
            Err(_) => false,
        }
    }
}

fn plain(bytes: &[u8]) -> String {
    let text = console::strip_ansi_codes(&String::from_utf8_lossy(bytes)).into_owned();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
