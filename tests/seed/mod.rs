//! The seed of a test's random choices: `OPS_SEED`, or a random one. The same seed gives the same choices.
//!
//! A test prints its seed when it starts, and the command that repeats it when it fails. No test chooses by the clock.

#![expect(clippy::print_stderr, reason = "a test prints its seed")]

use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

/// A seed and the test that uses it. Dropped by a panic, it prints how to repeat the test.
pub struct Seed {
    number: u32,
    test: &'static str,
}

impl Seed {
    /// Reads `OPS_SEED`, or draws a seed, and prints it. `test`: the name by which nextest finds the test.
    #[expect(clippy::disallowed_methods, reason = "the person who runs a test chooses its seed")]
    pub fn of(test: &'static str) -> Self {
        let given = std::env::var("OPS_SEED").ok();
        let number = match given {
            Some(text) => {
                text.parse().unwrap_or_else(|_| panic!("OPS_SEED is not a number below 2^32: {text}"))
            }
            None => rand::rng().random(),
        };
        let seed = Self { number, test };
        eprintln!("seed {number}; to repeat: {}", seed.command());
        seed
    }

    pub fn number(&self) -> u32 {
        self.number
    }

    fn command(&self) -> String {
        format!("OPS_SEED={} cargo nextest run --locked -E 'test({})'", self.number, self.test)
    }

    /// Draws `count` of `values`: each of them once before one is drawn again.
    pub fn draw<T: Copy>(&self, values: &[T], count: usize) -> Vec<T> {
        let mut generator = Xoshiro256PlusPlus::seed_from_u64(self.number.into());
        let mut drawn = Vec::new();
        while drawn.len() < count {
            let mut round = values.to_vec();
            round.shuffle(&mut generator);
            drawn.append(&mut round);
        }
        drawn.truncate(count);
        drawn
    }
}

/// A seed that a test fixes.
impl From<u32> for Seed {
    fn from(number: u32) -> Self {
        Self { number, test: "seed" }
    }
}

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the test failed with seed {}; to repeat: {}", self.number, self.command());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seed(number: u32) -> Seed {
        number.into()
    }

    #[test]
    fn seed_draws_the_same_values_twice_and_another_seed_draws_others() {
        let values: Vec<u8> = (0..7).collect();
        let drawn = seed(4711).draw(&values, 30);
        assert_eq!(drawn, seed(4711).draw(&values, 30));
        // The generator is a published one: a seed that was printed once stays valid.
        assert_eq!(seed(1).draw(&values, 7), [4, 2, 5, 1, 6, 0, 3]);
        for other in [0, 1, 4712, u32::MAX] {
            assert_ne!(drawn, seed(other).draw(&values, 30), "seed {other}");
        }
    }

    #[test]
    fn seed_draws_every_value_once_before_it_draws_one_again() {
        let values: Vec<usize> = (0..7).collect();
        let drawn = seed(7).draw(&values, 21);
        for round in drawn.chunks(7) {
            let mut sorted = round.to_vec();
            sorted.sort_unstable();
            assert_eq!(sorted, values);
        }
        assert_eq!(seed(7).draw(&values, 3), drawn[..3]);
    }

    #[test]
    fn seed_prints_the_command_that_repeats_its_test() {
        assert_eq!(seed(5).number(), 5);
        assert_eq!(seed(5).command(), "OPS_SEED=5 cargo nextest run --locked -E 'test(seed)'");
    }
}
