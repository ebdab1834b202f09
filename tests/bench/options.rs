//! What the command line of a measurement asks for.

use std::process::exit;

/// Its options.
pub struct Options {
    pub rounds: u32,
    pub quick: bool,
    pub only: Option<String>,
    pub binary: Option<String>,
}

impl Options {
    pub fn of(mut words: impl Iterator<Item = String>) -> Options {
        let mut options = Options {
            rounds: 5,
            quick: false,
            only: None,
            binary: None,
        };
        while let Some(word) = words.next() {
            match word.as_str() {
                "--quick" => {
                    options.quick = true;
                    options.rounds = options.rounds.min(2);
                }
                "--rounds" => {
                    let number = words.next().and_then(|n| n.parse().ok()).filter(|n| *n > 0);
                    options.rounds = number.unwrap_or_else(|| usage("--rounds wants a number"));
                }
                "--only" => options.only = words.next(),
                flag if flag.starts_with('-') => usage(&format!("no such option: {flag}")),
                _ => options.binary = Some(word),
            }
        }
        options
    }
}

fn usage(why: &str) -> ! {
    eprintln!("{why}\nusage: pace [--rounds N] [--quick] [--only WORD] [BINARY]");
    exit(2);
}
