//! One picture of a view: as many lines as the window has, none wider than it.

use super::spark::History;
use super::{Post, View, lines, moment, word};
use crate::checks::health::{Report, Status};
use crate::text::{lasting, printable};
use crate::ui::{Look, Size, health, words};

/// Of a bar's column: what a figure fills it with at least.
const SECOND: f64 = 1.0;
const OVERVIEW: &str = "j/k choose  Enter its checks  p pause  r look now  q quit";
const DRILLED: &str = "j/k scroll  Esc back  p pause  r look now  q quit";

/// The picture of this moment, in seconds since the epoch.
pub fn frame(view: &mut View, now: i64, size: Size, colour: bool) -> Vec<String> {
    let look = Look { width: size.columns, colour, verbose: 0 };
    let room = size.lines.saturating_sub(2);
    let body = match view.open {
        Some(scrolled) => {
            let (body, scrolled) = drilled(view, scrolled, now, room, &look);
            view.open = Some(scrolled);
            body
        }
        None => overview(view, now, room, &look),
    };
    let footer = if view.open.is_some() { DRILLED } else { OVERVIEW };
    let mut all = vec![header(view, now, &look)];
    all.extend(body.into_iter().take(room));
    all.resize(size.lines.saturating_sub(1).max(1), String::new());
    if size.lines > 1 {
        all.push(look.dim(footer));
    }
    all.iter().map(|line| console::truncate_str(line, size.columns, "…").into_owned()).collect()
}

fn header(view: &View, now: i64, look: &Look) -> String {
    let report = seen(view, now);
    let number = |status| report.count(status);
    let looking = view.posts.len() - report.droplets.len();
    let mut parts = vec![match report.status() {
        _ if report.droplets.is_empty() => "looking".to_owned(),
        Status::Ok => "all fine".to_owned(),
        _ => format!(
            "{} critical, {} unknown, {}",
            number(Status::Critical),
            number(Status::Unknown),
            crate::text::count(number(Status::Warning), "warning")
        ),
    }];
    if view.paused {
        parts.insert(0, "PAUSED".to_owned());
    }
    if looking > 0 && !report.droplets.is_empty() {
        parts.push(format!("{looking} not seen yet"));
    }
    parts.extend([format!("every {} s", view.every), clock(now), printable(&view.title)]);
    look.bold(&parts.join("  "))
}

/// `04:10:01Z`
fn clock(at: i64) -> String {
    moment(at)[11..].to_owned()
}

/// Droplets that nobody has seen yet are neither well nor bad.
fn seen(view: &View, now: i64) -> Report {
    let mut report = view.report(now);
    let mut posts = view.posts.iter();
    report.droplets.retain(|_| posts.next().is_some_and(|post| post.looked.is_some()));
    report
}

/// How many lines each part has.
#[derive(Debug, PartialEq, Eq)]
struct Room {
    droplets: usize,
    problems: usize,
    changes: usize,
}

impl Room {
    /// Each part wants its lines; whoever needs less leaves the rest to the others.
    fn share(room: usize, droplets: usize, problems: usize, changes: usize) -> Self {
        let mut own = Self { droplets: droplets.min((room / 3).max(1)), problems: 0, changes: 0 };
        let mut rest = room.saturating_sub(own.droplets);
        own.changes = changes.min(rest / 3);
        rest -= own.changes;
        own.problems = problems.min(rest);
        rest -= own.problems;
        let more = (droplets - own.droplets).min(rest);
        own.droplets += more;
        own.changes += (changes - own.changes).min(rest - more);
        own
    }
}

fn overview(view: &View, now: i64, room: usize, look: &Look) -> Vec<String> {
    let problems: Vec<String> = health::problems(&seen(view, now), look).lines().map(str::to_owned).collect();
    let changes: Vec<String> = view.changes.iter().map(|change| changed(view, change, look)).collect();
    // With a blank line and a title before each; a tiny window has neither.
    let titled = |lines: usize| if lines > 0 && room > 6 { lines + 2 } else { lines };
    let columns = Columns::of(view, look.width);
    let head = usize::from(room > 6);
    let share = Room::share(
        room.saturating_sub(head),
        view.posts.len(),
        titled(problems.len()),
        titled(changes.len()),
    );
    let order = view.order(now);
    let marked = view.chosen.or_else(|| order.first().copied());
    let mut all: Vec<String> = (0..head).map(|_| look.dim(&columns.titles())).collect();
    let place = order.iter().position(|at| Some(*at) == marked).unwrap_or(0);
    let first = (place + 1).saturating_sub(share.droplets);
    for at in order.iter().skip(first).take(share.droplets) {
        let mark = if Some(*at) == marked { "> " } else { "  " };
        all.push(columns.row(view, &view.posts[*at], mark, now, look));
    }
    part(&mut all, "Problems", &problems, share.problems, head > 0, look);
    part(&mut all, "Changes", &changes, share.changes, head > 0, look);
    all
}

/// Title and lines, in as many lines; what had no room is counted.
fn part(all: &mut Vec<String>, title: &str, lines: &[String], room: usize, titled: bool, look: &Look) {
    let room = match titled {
        _ if lines.is_empty() => return,
        true if room < 3 => return,
        true => {
            all.extend([String::new(), look.bold(title)]);
            room - 2
        }
        false => room,
    };
    if lines.len() <= room {
        return all.extend_from_slice(lines);
    }
    let shown = room.saturating_sub(1);
    all.extend_from_slice(&lines[..shown]);
    if room > 0 {
        all.push(look.dim(&format!("  … {} more", crate::text::count(lines.len() - shown, "line"))));
    }
}

fn changed(view: &View, change: &crate::checks::health::Change, look: &Look) -> String {
    let place = view.place(&change.env, &change.droplet);
    paint(look, change.to, &format!("  {} {place} {}", clock(change.at), lines::said(change)))
}

/// One droplet with all of its checks; how far it is scrolled at most.
fn drilled(view: &View, scrolled: usize, now: i64, room: usize, look: &Look) -> (Vec<String>, usize) {
    let Some(post) = view.chosen.and_then(|at| view.posts.get(at)) else { return (Vec::new(), 0) };
    let looked = view.known(post, now);
    let report = Report { at: moment(now), now, droplets: vec![looked] };
    let look = Look { verbose: 1, ..*look };
    let text = health::problems(&report, &look) + &health::all(&report.droplets[0], &look);
    let text: Vec<&str> = text.lines().collect();
    let columns = Columns::of(view, look.width);
    let mut all = vec![look.dim(&columns.titles()), columns.row(view, post, "  ", now, &look), String::new()];
    let room = room.saturating_sub(all.len());
    let scrolled = scrolled.min(text.len().saturating_sub(room));
    all.extend(text.iter().skip(scrolled).take(room).map(|line| (*line).to_owned()));
    (all, scrolled)
}

/// How wide the columns of the droplets' lines are.
struct Columns {
    name: usize,
    /// None: no room for figures at all.
    bars: Option<usize>,
}

const AGE: usize = 7;
const VALUE: usize = 7;

impl Columns {
    fn of(view: &View, width: usize) -> Self {
        let names = view.posts.iter().map(|post| view.place(&post.env, &post.droplet));
        let longest = names.map(|name| console::measure_text_width(&name)).max().unwrap_or(0);
        let name = longest.max(7).min((width / 4).max(7));
        // Two blanks before each figure, one between its bars and its value.
        let each = width.saturating_sub(2 + 8 + 1 + name + 1 + AGE) / 3;
        let bars = each.checked_sub(2 + VALUE).map(|rest| match rest {
            0..4 => 0,
            rest => (rest - 1).min(60),
        });
        Self { name, bars }
    }

    fn titles(&self) -> String {
        let mut out = format!("  {:<8} {} {:<AGE$}", "status", fit("droplet", self.name), "seen");
        if let Some(bars) = self.bars {
            let width = bars + usize::from(bars > 0) + VALUE;
            for title in ["login", "load", "memory"] {
                out += &format!("  {title:<width$}");
            }
        }
        out.trim_end().to_owned()
    }

    fn row(&self, view: &View, post: &Post, mark: &str, now: i64, look: &Look) -> String {
        let status = view.known(post, now).status();
        let (shown, age) = match &post.looked {
            Some(_) => {
                let age = lasting(u64::try_from(now - post.at).unwrap_or(0));
                (paint(look, status, &format!("{:<8}", word(status))), age)
            }
            None => (look.dim(&format!("{:<8}", "looking")), String::new()),
        };
        let name = fit(&view.place(&post.env, &post.droplet), self.name);
        let mut out = format!("{mark}{shown} {name} {age:<AGE$}");
        if let Some(bars) = self.bars {
            let mut figure = |history: &History, top: f64, value: &dyn Fn(f64) -> String| {
                let value = history.last().map_or_else(|| "-".to_owned(), value);
                let gap = if bars > 0 { " " } else { "" };
                out += &format!("  {}{gap}{}", history.bars(bars, top), fit(&value, VALUE));
            };
            figure(&post.login, SECOND, &|seconds| words::millis(thousand(seconds)));
            figure(&post.load, 1.0, &|load| format!("{load:.2}"));
            figure(&post.memory, 1.0, &|used| format!("{:.0}%", used * 100.0));
        }
        out.trim_end().to_owned()
    }
}

/// Exactly so many columns.
fn fit(text: &str, width: usize) -> String {
    console::pad_str(text, width, console::Alignment::Left, Some("…")).into_owned()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a history has no negative figures"
)]
fn thousand(seconds: f64) -> u64 {
    (seconds * 1000.0).round() as u64
}

fn paint(look: &Look, status: Status, text: &str) -> String {
    match status {
        Status::Ok => look.good(text),
        Status::Warning => look.warn(text),
        Status::Unknown | Status::Critical => look.bad(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_share_the_window() {
        let share = |room, droplets, problems, changes| {
            let Room { droplets, problems, changes } = Room::share(room, droplets, problems, changes);
            [droplets, problems, changes]
        };
        assert_eq!(share(21, 1, 0, 0), [1, 0, 0]);
        assert_eq!(share(21, 100, 100, 100), [7, 10, 4]);
        assert_eq!(share(21, 100, 3, 0), [18, 3, 0]);
        assert_eq!(share(21, 2, 100, 5), [2, 14, 5]);
        assert_eq!(share(3, 5, 5, 5), [1, 2, 0]);
        assert_eq!(share(0, 5, 5, 5), [1, 0, 0]);
    }
}
