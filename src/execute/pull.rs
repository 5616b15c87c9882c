//! How far a pull is: the layers of the image's manifest against the lines of `docker pull`.

use crate::plan::Layer;

/// Reads the plain output of `docker pull` (`0123456789ab: Pull complete`) as it grows.
#[derive(Debug, Clone)]
pub struct Progress {
    layers: Vec<(Layer, bool)>,
    partial: Vec<u8>,
}

impl Progress {
    pub fn new(layers: &[Layer]) -> Self {
        Self { layers: layers.iter().map(|layer| (layer.clone(), false)).collect(), partial: Vec::new() }
    }

    /// Takes more output; true when the figures changed.
    pub fn feed(&mut self, bytes: &[u8]) -> bool {
        self.partial.extend_from_slice(bytes);
        let mut changed = false;
        while let Some(end) = self.partial.iter().position(|b| *b == b'\n') {
            let line: Vec<u8> = self.partial.drain(..=end).collect();
            changed |= self.line(&String::from_utf8_lossy(&line));
        }
        changed
    }

    fn line(&mut self, line: &str) -> bool {
        let Some((id, state)) = line.trim().split_once(": ") else { return false };
        if !matches!(state, "Download complete" | "Pull complete" | "Already exists") {
            return false;
        }
        let mut changed = false;
        for (layer, done) in &mut self.layers {
            if layer.id == id && !*done {
                *done = true;
                changed = true;
            }
        }
        changed
    }

    pub fn bytes(&self) -> (u64, u64) {
        let sum = |only_done: bool| {
            self.layers.iter().filter(|(_, done)| *done || !only_done).map(|(layer, _)| layer.bytes).sum()
        };
        (sum(true), sum(false))
    }

    /// "layer 2 of 5".
    pub fn note(&self) -> String {
        let done = self.layers.iter().filter(|(_, done)| *done).count();
        format!("{done} of {} layers", self.layers.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_count_once_and_lines_may_arrive_in_pieces() {
        let layer = |id: &str, bytes| Layer { id: id.into(), bytes };
        let mut progress = Progress::new(&[layer("aaaaaaaaaaaa", 100), layer("bbbbbbbbbbbb", 50)]);
        assert!(
            !progress.feed(b"14.0-b: Pulling from odoo\naaaaaaaaaaaa: Pulling fs layer\naaaaaaaaaaaa: Down")
        );
        assert!(progress.feed(b"load complete\n"));
        assert!(!progress.feed(b"aaaaaaaaaaaa: Pull complete\n"));
        assert_eq!(progress.bytes(), (100, 150));
        assert!(progress.feed(b"bbbbbbbbbbbb: Already exists\n"));
        assert_eq!(progress.note(), "2 of 2 layers");
    }
}
