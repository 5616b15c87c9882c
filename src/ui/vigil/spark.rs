//! The last figures of one kind, as a line of small bars.

use std::collections::VecDeque;

/// Looks that are remembered.
const KEPT: usize = 60;
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// A look that did not see the figure.
const UNSEEN: char = '·';

/// The oldest first; None: not seen.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct History(VecDeque<Option<f64>>);

impl History {
    pub(super) fn push(&mut self, figure: Option<f64>) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(figure.filter(|figure| figure.is_finite() && *figure >= 0.0));
    }

    pub(super) fn last(&self) -> Option<f64> {
        *self.0.back()?
    }

    /// The newest at the right; `top` is what fills a cell at least.
    pub(super) fn bars(&self, width: usize, top: f64) -> String {
        let shown = self.0.len().min(width);
        let top = self.0.iter().flatten().copied().fold(top, f64::max);
        let bars = self
            .0
            .iter()
            .skip(self.0.len() - shown)
            .map(|figure| figure.map_or(UNSEEN, |figure| bar(figure, top)));
        " ".repeat(width - shown) + &bars.collect::<String>()
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 7")]
fn bar(figure: f64, top: f64) -> char {
    let step = (figure / top * 8.0).floor().clamp(0.0, 7.0);
    BARS[step as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(figures: &[Option<f64>]) -> History {
        let mut history = History::default();
        figures.iter().for_each(|figure| history.push(*figure));
        history
    }

    #[test]
    fn bars_grow_with_the_figures() {
        let eight: Vec<_> = (0..8).map(|n| Some(f64::from(n) / 8.0)).collect();
        assert_eq!(history(&eight).bars(10, 1.0), "  ▁▂▃▄▅▆▇█");
        assert_eq!(history(&[Some(1.0), Some(10.0)]).bars(2, 1.0), "▁█");
        assert_eq!(history(&eight).bars(2, 1.0), "▇█");
        assert_eq!(history(&eight).bars(0, 1.0), "");
    }

    #[test]
    fn what_was_not_seen_is_no_zero() {
        let garbage = history(&[Some(f64::NAN), Some(f64::INFINITY), Some(-1.0), None, Some(0.0)]);
        assert_eq!(garbage.bars(5, 1.0), "····▁");
        assert_eq!(history(&[Some(1.0), None]).last(), None);
        assert_eq!(History::default().bars(3, 1.0), "   ");
    }

    #[test]
    fn only_the_last_are_kept() {
        let history = history(&[Some(0.5); 100]);
        assert_eq!(history.bars(100, 1.0).trim_start().chars().count(), KEPT);
    }
}
