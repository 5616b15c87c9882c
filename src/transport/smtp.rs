//! One mail to one server: the few commands of SMTP that this takes.
//!
//! Deliberately absent: queues and second tries (a mail that is late is no alarm), and everything but a text. A server's
//! words are hostile, and never shown where it was told a password.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::tls;
use crate::inventory::{Security, Smtp};
use crate::secret::Secret;
use crate::text::{printable, shorten};

/// A reply has few lines, and short ones.
const LINES: usize = 100;
const LINE: u64 = 2048;

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Hands over `message`: headers, an empty line, and a text whose lines end with `\r\n`. Takes as long as it takes.
/// What the server said to it.
///
/// # Errors
/// Why it was not taken.
pub async fn send(
    smtp: &Smtp,
    password: Option<&Secret>,
    to: &[String],
    message: &str,
) -> Result<String, String> {
    let stream =
        TcpStream::connect((smtp.host.as_str(), smtp.port)).await.map_err(|e| printable(&e.to_string()))?;
    let mut talk = match smtp.security {
        Security::Tls => Talk::new(encrypted(stream, smtp).await?),
        Security::Starttls => Talk::new(encrypted(started(stream).await?, smtp).await?),
        Security::None => Talk::new(Box::new(stream) as Box<dyn Stream>),
    };
    // With STARTTLS the greeting was said before it.
    if smtp.security != Security::Starttls {
        talk.expect("the greeting", 220).await?;
    }
    let offers = talk.ask("EHLO localhost", 250).await?;
    if let (Some(user), Some(password)) = (&smtp.user, password) {
        talk.log_in(&offers, user, password).await?;
    }
    talk.ask(&format!("MAIL FROM:<{}>", smtp.from), 250).await?;
    for one in to {
        talk.ask(&format!("RCPT TO:<{one}>"), 250).await?;
    }
    talk.ask("DATA", 354).await?;
    let stuffed = message.replace("\r\n.", "\r\n..");
    talk.say(&format!("{stuffed}\r\n.")).await?;
    let taken = talk.expect("the mail", 250).await?;
    // It has the mail; whether it hears this makes no difference.
    let _ = talk.say("QUIT").await;
    Ok(taken)
}

async fn encrypted(stream: TcpStream, smtp: &Smtp) -> Result<Box<dyn Stream>, String> {
    let encrypted = tls::over(stream, &smtp.host).await.map_err(|error| printable(&error.to_string()))?;
    Ok(Box::new(encrypted))
}

/// A plain stream on which both sides have said that encryption begins.
async fn started(stream: TcpStream) -> Result<TcpStream, String> {
    let mut talk = Talk::new(stream);
    talk.expect("the greeting", 220).await?;
    let offers = talk.ask("EHLO localhost", 250).await?;
    if !offers.lines().any(|line| line.eq_ignore_ascii_case("STARTTLS")) {
        return Err("it does not offer STARTTLS".to_owned());
    }
    talk.ask("STARTTLS", 220).await?;
    // What came before the encryption could be anybody's.
    if !talk.stream.buffer().is_empty() {
        return Err("it speaks on without the encryption that it agreed to".to_owned());
    }
    Ok(talk.stream.into_inner())
}

struct Talk<S> {
    stream: BufReader<S>,
}

impl<S: Stream> Talk<S> {
    fn new(stream: S) -> Self {
        Self { stream: BufReader::new(stream) }
    }

    async fn say(&mut self, line: &str) -> Result<(), String> {
        let text = format!("{line}\r\n");
        self.stream.write_all(text.as_bytes()).await.map_err(|error| printable(&error.to_string()))?;
        self.stream.flush().await.map_err(|error| printable(&error.to_string()))
    }

    /// The reply's text, line by line, without its code.
    async fn ask(&mut self, line: &str, code: u16) -> Result<String, String> {
        self.say(line).await?;
        self.expect(line, code).await
    }

    async fn expect(&mut self, what: &str, wanted: u16) -> Result<String, String> {
        let (code, text) = self.reply().await?;
        let first = text.lines().next().unwrap_or_default();
        match code == wanted {
            true => Ok(text),
            false => Err(shorten(&printable(&format!("it answers {code} {first} to {what}")), 200)),
        }
    }

    async fn reply(&mut self) -> Result<(u16, String), String> {
        let mut text = String::new();
        for _ in 0..LINES {
            let mut bytes = Vec::new();
            let read = (&mut self.stream).take(LINE).read_until(b'\n', &mut bytes).await;
            read.map_err(|error| printable(&error.to_string()))?;
            let line = String::from_utf8_lossy(&bytes);
            if bytes.is_empty() {
                return Err("it ended the conversation".to_owned());
            }
            let code = line.get(..3).and_then(|code| code.parse().ok());
            let code: u16 = code.ok_or_else(|| "it does not speak SMTP".to_owned())?;
            text += &format!("{}\n", line.get(4..).unwrap_or_default().trim_end());
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok((code, text));
            }
        }
        Err("its reply has no end".to_owned())
    }

    async fn log_in(&mut self, offers: &str, user: &str, password: &Secret) -> Result<(), String> {
        let ways = offers.lines().find_map(|line| line.strip_prefix("AUTH ")).unwrap_or_default();
        let offers = |way: &str| ways.split(' ').any(|one| one.eq_ignore_ascii_case(way));
        let steps = match () {
            () if offers("PLAIN") => {
                vec![format!("AUTH PLAIN {}", BASE64.encode(format!("\0{user}\0{}", password.expose())))]
            }
            () if offers("LOGIN") => {
                vec!["AUTH LOGIN".to_owned(), BASE64.encode(user), BASE64.encode(password.expose())]
            }
            () => return Err("it offers no login that ops knows (PLAIN, LOGIN)".to_owned()),
        };
        let last = steps.len() - 1;
        for (at, step) in steps.iter().enumerate() {
            self.say(step).await?;
            let (code, _) = self.reply().await?;
            if code != if at == last { 235 } else { 334 } {
                return Err(format!("it does not let {} in (code {code})", printable(user)));
            }
        }
        Ok(())
    }
}
