//! The statistics file both daemons write on SIGUSR2.

/// One instance's counters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    pub name: String,
    pub received: u64,
    pub sent: u64,
    pub became_master: u64,
    pub released_master: u64,
    /// Section and key of everything else that is counted, as written.
    pub others: Vec<(String, u64)>,
    pub zero_received: u64,
    pub zero_sent: u64,
}

impl Stats {
    /// Reads the file.
    pub fn parse(text: &str) -> Vec<Stats> {
        let mut all: Vec<Stats> = Vec::new();
        let mut section = String::new();
        for line in text.lines() {
            let Some((key, value)) = line.split_once(':') else {
                continue;
            };
            let (key, value) = (key.trim(), value.trim());
            if key == "VRRP Instance" {
                all.push(Stats {
                    name: value.to_owned(),
                    ..Stats::default()
                });
                continue;
            }
            let Some(stats) = all.last_mut() else {
                continue;
            };
            let Ok(number) = value.parse::<u64>() else {
                section = key.to_owned();
                continue;
            };
            match (section.as_str(), key) {
                (_, "Became master") => stats.became_master = number,
                (_, "Released master") => stats.released_master = number,
                ("Advertisements", "Received") => stats.received = number,
                ("Advertisements", "Sent") => stats.sent = number,
                ("Priority Zero", "Received") => stats.zero_received = number,
                ("Priority Zero", "Sent") => stats.zero_sent = number,
                _ => stats.others.push((format!("{section}/{key}"), number)),
            }
        }
        all
    }

    /// Packet and authentication errors that were counted.
    pub fn errors(&self) -> Vec<&(String, u64)> {
        self.others.iter().filter(|(_, n)| *n != 0).collect()
    }
}
