//! What travels on stdin and stdout of one remote command.
//!
//! The remote command line is a constant ([`BOOT`], [`BODY`]). The script, its arguments and its
//! stdin all travel on the channel's stdin, so nothing of them is seen in the droplet's process list,
//! their size has no limit, and a link that breaks half-way through a script runs none of it. Both
//! output streams are framed by marks that carry a random word drawn per call:
//!
//! - before the first mark is noise (a login shell's greeting, sudo's lecture): dropped;
//! - the last mark of stdout carries the exit code. No last mark: nobody knows how it ended.
//!
//! Deliberately absent: who carries the bytes (`ssh`, `local`).

use std::fmt::Write as _;

use super::TransportError;
use crate::cmd::Cmd;
use crate::program::Program;

/// Waits for our header (skipping a password line that sudo did not want), runs [`BODY`] in a shell
/// of its own, and reports how that ended. Any login shell passes it on: no quote, no newline, no `!`.
pub(super) const BOOT: Program = Program::shell(
    "wire.boot",
    &[
        r#"while read -r t n l; do [ "$t" = ops1 ] && break; done; [ "$t" = ops1 ] || exit 97; "#,
        r#"sh -c "$1" ops "$n" "$l"; r=$?; "#,
        r#"printf "\036%s-\n" "$n" >&2; printf "\036%s-%s\n" "$n" "$r""#,
    ],
);

/// Reads exactly the script (`dd` is the one tool that never reads past it, in GNU, BusyBox and
/// uutils alike; `head -c` does), refuses one that did not arrive whole, and becomes it.
pub(super) const BODY: Program = Program::shell(
    "wire.body",
    &[
        r#"__ops=$(dd bs="$2" count=1 iflag=fullblock 2>/dev/null); "#,
        r##"case $__ops in *"#$1") ;; *) exit 1;; esac; "##,
        r#"printf "\036%s+\n" "$1" >&2; printf "\036%s+\n" "$1"; eval "$__ops""#,
    ],
);

/// The byte that begins a mark (ASCII record separator).
const MARK: u8 = 0x1e;

/// A word nobody on the droplet can guess.
pub(super) fn nonce() -> Result<String, TransportError> {
    let mut bytes = [0_u8; 12];
    getrandom::fill(&mut bytes)
        .map_err(|error| TransportError::Other { detail: format!("no random numbers: {error}") })?;
    Ok(bytes.iter().fold(String::new(), |mut word, byte| {
        // Writing to a String cannot fail.
        let _ = write!(word, "{byte:02x}");
        word
    }))
}

/// Header and script, to be followed by the command's stdin.
pub(super) fn request(nonce: &str, cmd: &Cmd, has_stdin: bool) -> Vec<u8> {
    // System directories come last: they only help where a login without a terminal lacks them.
    let mut script = String::from("unset __ops; PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; export PATH\n");
    if !has_stdin {
        script.push_str("exec </dev/null\n");
    }
    script.push_str(&cmd.to_script());
    // The newline ends a comment on the script's last line.
    let _ = write!(script, "\n#{nonce}");
    let mut bytes = format!("ops1 {nonce} {}\n", script.len()).into_bytes();
    bytes.extend_from_slice(script.as_bytes());
    bytes
}

/// How far a framed stream has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Noise,
    Body,
    /// The last mark was seen, with the exit code if it carried one.
    End(Option<i32>),
}

enum Mark {
    Whole(Option<i32>),
    Perhaps,
    No,
}

/// Takes a framed stream apart, however it was cut into chunks.
#[derive(Debug)]
pub(super) struct Frame {
    first: Vec<u8>,
    last: Vec<u8>,
    held: Vec<u8>,
    at: At,
    started: bool,
    noise: Vec<u8>,
}

impl Frame {
    pub(super) fn new(nonce: &str) -> Self {
        Self {
            first: format!("\x1e{nonce}+\n").into_bytes(),
            last: format!("\x1e{nonce}-").into_bytes(),
            held: Vec::new(),
            at: At::Noise,
            started: false,
            noise: Vec::new(),
        }
    }

    pub(super) fn started(&self) -> bool {
        self.started
    }

    pub(super) fn ended(&self) -> bool {
        matches!(self.at, At::End(_))
    }

    pub(super) fn code(&self) -> Option<i32> {
        match self.at {
            At::End(code) => code,
            _ => None,
        }
    }

    /// What came before the first mark, at most 4 KiB of it.
    pub(super) fn noise(&self) -> Vec<u8> {
        match self.at {
            At::Noise => [self.noise.as_slice(), &self.held].concat(),
            _ => self.noise.clone(),
        }
    }

    /// What was read behind the first mark and not handed out: for a channel that is raw from there.
    pub(super) fn into_rest(self) -> Vec<u8> {
        self.held
    }

    /// Takes a chunk and hands out what belongs to the command.
    pub(super) fn push(&mut self, chunk: &[u8], out: &mut dyn FnMut(&[u8])) {
        self.held.extend_from_slice(chunk);
        if self.at == At::Noise {
            self.skip_noise();
        }
        if self.at == At::Body {
            let used = self.hand_out(out);
            self.held.drain(..used);
        }
    }

    /// Only until the first mark was seen; the bytes behind it stay held.
    pub(super) fn push_noise(&mut self, chunk: &[u8]) {
        self.held.extend_from_slice(chunk);
        if self.at == At::Noise {
            self.skip_noise();
        }
    }

    fn skip_noise(&mut self) {
        // A command that never started still ends with the last mark.
        let found = |mark: &[u8]| self.held.windows(mark.len()).position(|window| window == mark);
        if let Some(at) = found(&self.first) {
            self.keep_noise(at);
            self.held.drain(..at + self.first.len());
            self.at = At::Body;
            self.started = true;
        } else if let Some(at) = found(&self.last) {
            self.keep_noise(at);
            self.held.drain(..at);
            self.at = At::Body;
        } else {
            let done = self.held.len().saturating_sub(self.first.len());
            self.keep_noise(done);
            self.held.drain(..done);
        }
    }

    fn keep_noise(&mut self, upto: usize) {
        let room = 4096_usize.saturating_sub(self.noise.len()).min(upto);
        self.noise.extend_from_slice(&self.held[..room]);
    }

    /// How many held bytes are dealt with.
    fn hand_out(&mut self, out: &mut dyn FnMut(&[u8])) -> usize {
        let mut used = 0;
        loop {
            let rest = &self.held[used..];
            let Some(at) = rest.iter().position(|byte| *byte == MARK) else {
                if !rest.is_empty() {
                    out(rest);
                }
                return self.held.len();
            };
            if at > 0 {
                out(&rest[..at]);
                used += at;
            }
            let rest = &self.held[used..];
            match self.last_mark(rest) {
                Mark::Whole(code) => {
                    self.at = At::End(code);
                    return self.held.len();
                }
                Mark::Perhaps => return used,
                Mark::No => {
                    out(&rest[..1]);
                    used += 1;
                }
            }
        }
    }

    fn last_mark(&self, rest: &[u8]) -> Mark {
        if rest.len() < self.last.len() {
            return if self.last.starts_with(rest) { Mark::Perhaps } else { Mark::No };
        }
        let Some(code) = rest.strip_prefix(self.last.as_slice()) else { return Mark::No };
        match code.iter().take(12).position(|byte| *byte == b'\n') {
            Some(end) => {
                Mark::Whole(std::str::from_utf8(&code[..end]).ok().and_then(|text| text.parse().ok()))
            }
            None if code.len() < 12 => Mark::Perhaps,
            None => Mark::No,
        }
    }
}

/// The first bytes of a stream, up to a limit.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) bytes: Vec<u8>,
    limit: usize,
    pub(super) truncated: bool,
}

impl Kept {
    pub(super) fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), limit, truncated: false }
    }

    pub(super) fn push(&mut self, chunk: &[u8]) {
        let room = self.limit.saturating_sub(self.bytes.len());
        self.truncated |= chunk.len() > room;
        self.bytes.extend_from_slice(&chunk[..room.min(chunk.len())]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NONCE: &str = "00112233445566778899aabb";

    fn take_apart(stream: &[u8], cuts: &[usize]) -> (Frame, Vec<u8>) {
        let mut frame = Frame::new(NONCE);
        let mut body = Vec::new();
        let mut rest = stream;
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (chunk, later) = rest.split_at((*cut).clamp(1, rest.len()));
            frame.push(chunk, &mut |bytes| body.extend_from_slice(bytes));
            rest = later;
        }
        (frame, body)
    }

    proptest! {
        #[test]
        fn a_stream_is_the_same_however_it_is_cut(
            noise in prop::collection::vec(any::<u8>(), 0..50),
            body in prop::collection::vec(prop_oneof![Just(MARK), Just(b'\n'), Just(b'0'), any::<u8>()], 0..200),
            code in 0..=255_i32,
            cuts in prop::collection::vec(1_usize..40, 1..10),
        ) {
            let mut stream = noise.clone();
            stream.extend_from_slice(format!("\x1e{NONCE}+\n").as_bytes());
            stream.extend_from_slice(&body);
            stream.extend_from_slice(format!("\x1e{NONCE}-{code}\n").as_bytes());
            let (frame, got) = take_apart(&stream, &cuts);
            prop_assert_eq!(got, body);
            prop_assert_eq!(frame.code(), Some(code));
            prop_assert!(frame.started());
            prop_assert_eq!(frame.noise(), noise);
        }

        #[test]
        fn without_the_last_mark_there_is_no_code(
            body in prop::collection::vec(any::<u8>(), 0..100),
            keep in 0_usize..40,
        ) {
            let mut stream = format!("\x1e{NONCE}+\n").into_bytes();
            stream.extend_from_slice(&body);
            let mark = format!("\x1e{NONCE}-0\n");
            stream.extend_from_slice(&mark.as_bytes()[..keep.min(mark.len() - 1)]);
            let (frame, _) = take_apart(&stream, &[7]);
            prop_assert_eq!(frame.code(), None);
            prop_assert!(!frame.ended());
        }
    }

    #[test]
    fn a_command_that_never_started_ends_without_having_started() {
        let (frame, body) = take_apart(format!("motd\x1e{NONCE}-1\n").as_bytes(), &[3]);
        assert_eq!((frame.started(), frame.code(), body.len()), (false, Some(1), 0));
    }

    #[test]
    fn the_constants_pass_through_any_login_shell() {
        for text in [BOOT, BODY].map(|program| program.text()) {
            assert!(!text.contains(['\'', '\n', '!', '`']) && !text.contains(r"\\"), "{text}");
        }
    }
}
