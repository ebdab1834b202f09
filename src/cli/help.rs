//! The texts of `--help` and `--version`.

use super::table::{Arg, Group, Row, TABLE};
use core::fmt::Write;

/// Columns of a plain terminal.
const WIDTH: usize = 80;
/// Column where explanations begin.
const INDENT: usize = 29;

const HEADINGS: &[(Group, &str)] = &[
    (Group::Work, "What to run"),
    (Group::Process, "How to run it"),
    (Group::Log, "Logging"),
    (Group::Stop, "At exit"),
    (Group::OneShot, "Do one thing and exit"),
];

const EXAMPLES: &str = "\
Examples
  holdfast                   start as a daemon, log to syslog
  holdfast -nlD              stay in the foreground and log in detail to the
                             terminal
  holdfast -t -f new.conf    is this file sound?
  holdfast -t -d             show how the configuration is understood
  holdfast status            how is everything?
  holdfast explain VI_1      why is it so, and what comes next?
";

const STATUSES: &str = "\
Exit status
  0  all is well (or: already running)   1  wrong option, or a fatal error
  4  not permitted: start it as root     6  a configuration file is missing
Exit status of status, explain, reload, stop
  0  all is well                         1  something is in FAULT or DOWN
  2  nothing of that name                3  not running        4  no answer
Exit status of -t
  0  nothing is wrong                    4  there is no such file
  5  something is: see the messages      2  a keyword without its argument
  6  scripts run without 'enable_script_security', or are unsafe
";

/// The text of `--help`, at most 80 columns wide. `name`: what the program was called.
pub fn help(name: &str) -> String {
    let mut out = format!(
        "{name}: a router's virtual addresses, from a keepalived.conf\n\n\
         Usage: {name} [OPTION]...\n       {name} -t [-d] [-f FILE]\n       \
         {name} status [--json] [NAME]\n       {name} explain NAME\n       \
         {name} reload | stop\n"
    );
    for (group, heading) in HEADINGS {
        let _ = write!(out, "\n{heading}\n");
        for row in TABLE.iter().filter(|row| row.group == *group) {
            entry(&mut out, row);
        }
    }
    out.push_str("\nAccepted from existing start scripts, answered with one line in the log\n");
    let idle: Vec<String> = TABLE
        .iter()
        .filter(|row| row.group == Group::Idle)
        .map(|row| row.names().replace(' ', "\u{a0}"))
        .collect();
    wrap(&mut out, &idle.join("; "), 0, 2);
    out.push('\n');
    out.push_str(EXAMPLES);
    out.push('\n');
    out.push_str(STATUSES);
    out
}

/// The text of `--version`.
pub fn version() -> String {
    concat!(
        "holdfast ",
        env!("CARGO_PKG_VERSION"),
        "\n\
         Compatible with keepalived 1.2-2.4 configuration.\n\
         Features: VRRPv2 and VRRPv3 over IPv4 and IPv6, multicast and unicast,\n\
         PASS and AH authentication, sync groups, tracking, routes and rules,\n\
         notify scripts, alert mail, IPVS and health checks, reload without\n\
         interruption, status, watchdog.\n\
         Not yet: VMAC, BFD.\n\
         MIT licence; this program comes without any warranty.\n"
    )
    .to_owned()
}

fn entry(out: &mut String, row: &Row) {
    let mut left = match row.short {
        "" => format!("      --{}", row.long),
        short => format!("  -{short}, --{}", row.long),
    };
    match row.arg {
        Arg::None => {}
        Arg::Required(what) => {
            let _ = write!(left, "={what}");
        }
        Arg::Optional(what) => {
            let _ = write!(left, "[={what}]");
        }
    }
    out.push_str(&left);
    if left.len() + 2 > INDENT {
        out.push('\n');
        wrap(out, row.help, 0, INDENT);
    } else {
        wrap(out, row.help, left.len(), INDENT);
    }
}

/// Appends `text` from column `indent` on, never wider than the terminal; the line so far has
/// `used` columns. A no-break space is printed as a space.
fn wrap(out: &mut String, text: &str, used: usize, indent: usize) {
    let mut column = used;
    let mut first = true;
    for word in text.split(' ') {
        let len = word.chars().count();
        if !first && column + 1 + len > WIDTH {
            out.push('\n');
            column = 0;
            first = true;
        }
        if first {
            let pad = indent.saturating_sub(column);
            out.extend(core::iter::repeat_n(' ', pad));
            column += pad;
            first = false;
        } else {
            out.push(' ');
            column += 1;
        }
        out.extend(word.chars().map(|c| if c == '\u{a0}' { ' ' } else { c }));
        column += len;
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_fits_eighty_columns_and_names_every_option() {
        let text = help("holdfast");
        for line in text.lines() {
            assert!(line.chars().count() <= WIDTH, "too wide: {line}");
            assert_eq!(line, line.trim_end(), "blanks at the end");
        }
        for row in TABLE {
            if !row.long.is_empty() {
                assert!(text.contains(&format!("--{}", row.long)), "{}", row.long);
            }
            if !row.short.is_empty() {
                assert!(text.contains(&format!("-{}", row.short)), "{}", row.short);
            }
        }
    }

    #[test]
    fn every_group_has_a_heading() {
        for row in TABLE {
            let shown = HEADINGS.iter().any(|(group, _)| *group == row.group);
            assert!(shown || row.group == Group::Idle, "{}", row.names());
        }
    }

    #[test]
    fn help_answers_to_the_name_it_was_called_by() {
        assert!(help("keepalived").starts_with("keepalived: "));
        assert!(help("keepalived").contains("Usage: keepalived [OPTION]...\n"));
    }

    #[test]
    fn version_names_what_it_is_compatible_with() {
        assert!(version().starts_with("holdfast "));
        assert!(version().contains("keepalived 1.2-2.4"));
    }
}
