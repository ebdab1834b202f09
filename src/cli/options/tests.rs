use super::*;
use crate::cli::table::Group;

fn parse_line(line: &str) -> Result<Command, Usage> {
    parse(line.split_whitespace().map(OsString::from))
}

fn run(args: &str) -> Options {
    match parse_line(&format!("/usr/sbin/holdfast {args}")) {
        Ok(Command::Run(options)) => options,
        other => panic!("{args}: {other:?}"),
    }
}

fn wrong(args: &str) -> String {
    match parse_line(&format!("holdfast {args}")) {
        Err(usage) => usage.what,
        other => panic!("{args}: {other:?}"),
    }
}

/// What each row of the table changes. A row that is missing here fails the test below.
fn effect(key: &str) -> fn(&mut Options) {
    match key {
        "use-file" => |o| o.file = Some("a".into()),
        "vrrp" => |o| o.check = false,
        "check" => |o| o.vrrp = false,
        "config-id" => |o| o.config_id = Some("a".into()),
        "all-config" => |o| o.all_config = true,
        "dont-fork" => |o| o.foreground = true,
        "pid" => |o| o.pid_file = Some("a".into()),
        "vrrp_pid" => |o| o.vrrp_pid_file = Some("a".into()),
        "checkers_pid" => |o| o.check_pid_file = Some("a".into()),
        "dont-respawn" => |o| o.no_respawn = true,
        "umask" => |o| o.umask = Some(0o27),
        "ignore-sigint" => |o| o.ignore_sigint = true,
        "log-console" => |o| o.console = true,
        "log-detail" => |o| o.detail = 1,
        "dump-conf" => |o| o.dump = true,
        "log-facility" => |o| o.facility = Facility(18),
        "no-syslog" => |o| o.syslog = false,
        "dont-release-vrrp" => |o| o.keep_vrrp = true,
        "dont-release-ipvs" => |o| o.keep_ipvs = true,
        "socket" => |o| o.socket = Some("a".into()),
        "no_bfd" | "all" => |_| {},
        other => panic!("no expectation for --{other}"),
    }
}

fn value(row: &table::Row) -> &'static str {
    match row.long {
        "umask" => "027",
        "log-facility" => "local2",
        "signum" => "JSON",
        "check-format" => "json",
        _ => "a",
    }
}

/// Every way to write one row: long and short, attached and apart.
fn spellings(row: &table::Row) -> Vec<String> {
    let v = value(row);
    let mut out = Vec::new();
    if !row.long.is_empty() {
        out.push(match row.arg {
            Arg::None => format!("--{}", row.long),
            Arg::Required(_) | Arg::Optional(_) => format!("--{}={v}", row.long),
        });
    }
    if !row.short.is_empty() {
        out.push(match row.arg {
            Arg::None => format!("-{}", row.short),
            Arg::Required(_) | Arg::Optional(_) => format!("-{}{v}", row.short),
        });
    }
    if let Arg::Required(_) = row.arg {
        out.push(format!("--{} {v}", row.long));
        if !row.short.is_empty() {
            out.push(format!("-{} {v}", row.short));
        }
    }
    out
}

#[test]
fn every_row_in_every_spelling() {
    for row in TABLE {
        for line in spellings(row) {
            let got = parse_line(&format!("holdfast {line}"));
            match (row.group, row.long) {
                (Group::OneShot, "config-test") => {
                    let Ok(Command::Test { log, .. }) = got else {
                        panic!("{line}: {got:?}");
                    };
                    assert_eq!(log.as_deref(), Some("a"), "{line}");
                }
                (Group::OneShot, "check-format") => {
                    let Ok(Command::Test { log, format, .. }) = got else {
                        panic!("{line}: {got:?}");
                    };
                    assert_eq!((log, format), (None, Format::Json), "{line}");
                }
                (Group::OneShot, "keywords") => assert_eq!(got, Ok(Command::Keywords), "{line}"),
                (Group::OneShot, "signum") => {
                    assert_eq!(got, Ok(Command::Signum(Signal::Json)), "{line}");
                }
                (Group::OneShot, "genhash") => {
                    assert_eq!(got, Ok(Command::Genhash(vec![])), "{line}");
                }
                (Group::OneShot, "version") => assert_eq!(got, Ok(Command::Version), "{line}"),
                (Group::OneShot, "help") => {
                    let name = "holdfast".into();
                    assert_eq!(got, Ok(Command::Help { name }), "{line}");
                }
                (Group::OneShot, other) => panic!("no expectation for --{other}"),
                (Group::Idle, _) => {
                    let mut want = run("");
                    let said = match row.serves {
                        Serves::Yes => panic!("{line} should serve no purpose"),
                        Serves::NotYet(why) => format!("is not available yet: {why}"),
                        Serves::No(why) => format!("is not available: {why}"),
                    };
                    want.notices = vec![format!("{} {said}", row.names()).into()];
                    assert_eq!(got, Ok(Command::Run(want)), "{line}");
                }
                _ => {
                    let mut want = run("");
                    effect(row.long)(&mut want);
                    assert_eq!(got, Ok(Command::Run(want)), "{line}");
                }
            }
        }
    }
}

/// The table is that of keepalived and two rows of our own: short name, long name, argument (`:` required, `?` optional).
#[test]
fn the_table_is_complete() {
    let want = "f:use-file P vrrp C check B no_bfd _ all l log-console D log-detail \
        S:log-facility g?log-file _ flush-log-file G no-syslog u:umask X release-vips \
        V dont-release-vrrp I dont-release-ipvs R dont-respawn n dont-fork d dump-conf p:pid \
        r:vrrp_pid c:checkers_pid b:bfd_pid T genhash a address-monitoring s:namespace \
        _:check-format _ keywords e all-config i:config-id x snmp A:snmp-agent-socket m core-dump M?core-dump-pattern \
        _:signum t?config-test _:config-fd _ ignore-sigint _:socket v version h help";
    let mut want: Vec<(String, String, char)> = {
        let mut out = Vec::new();
        let mut words = want.split_whitespace();
        while let Some(word) = words.next() {
            let mut chars = word.chars();
            let short = chars.next().into_iter().filter(|c| *c != '_').collect();
            match chars.next() {
                Some(arg) => out.push((short, chars.collect(), arg)),
                None => out.push((short, words.next().unwrap_or_default().to_owned(), ' ')),
            }
        }
        out
    };
    let mut have: Vec<(String, String, char)> = TABLE
        .iter()
        .filter(|row| !row.help.starts_with("debugging builds"))
        .map(|row| {
            let arg = match row.arg {
                Arg::None => ' ',
                Arg::Required(_) => ':',
                Arg::Optional(_) => '?',
            };
            (row.short.to_owned(), row.long.to_owned(), arg)
        })
        .collect();
    want.sort();
    have.sort();
    assert_eq!(have, want);
}

#[test]
fn no_name_stands_twice() {
    for (i, a) in TABLE.iter().enumerate() {
        for b in &TABLE[i + 1..] {
            assert!(a.short.is_empty() || a.short != b.short, "-{}", a.short);
            assert!(a.long.is_empty() || a.long != b.long, "--{}", a.long);
        }
    }
}

#[test]
fn defaults() {
    let options = run("");
    assert_eq!(&*options.name, "holdfast");
    assert_eq!(options.file, None);
    assert!(options.vrrp && options.check && options.syslog);
    assert!(!options.foreground && !options.console && !options.dump);
    assert_eq!(options.facility, Facility::DAEMON);
    assert_eq!((options.detail, options.umask), (0, None));
    assert!(options.notices.is_empty());
}

#[test]
fn clusters_and_counts() {
    let options = run("-nlD -D -DS3 -f x.conf --log-detail");
    assert!(options.foreground && options.console);
    assert_eq!(options.detail, 4);
    assert_eq!(options.facility.code(), 19);
    assert_eq!(options.file.as_deref(), Some("x.conf"));
}

#[test]
fn the_last_value_counts() {
    assert_eq!(run("-f a -f b").file.as_deref(), Some("b"));
    assert_eq!(run("-S 1 --log-facility=user").facility, Facility::USER);
}

#[test]
fn a_value_may_look_like_an_option() {
    assert_eq!(run("-f -n").file.as_deref(), Some("-n"));
    let options = run("--use-file --vrrp");
    assert_eq!(options.file.as_deref(), Some("--vrrp"));
    assert!(options.check);
}

#[test]
fn optional_arguments_must_be_attached() {
    for (line, log, stray) in [
        ("-t", None, false),
        ("-tlog", Some("log"), false),
        ("-dtlog", Some("log"), false),
        ("--config-test=log", Some("log"), false),
        ("-t log", None, true),
        ("-dt log", None, true),
        ("--config-test log", None, true),
    ] {
        let got = parse_line(&format!("holdfast {line}"));
        let Ok(Command::Test {
            options,
            log: to,
            format,
        }) = got
        else {
            panic!("{line}: {got:?}");
        };
        assert_eq!((to.as_deref(), format), (log, Format::Text), "{line}");
        assert_eq!(options.dump, line.contains("-d"), "{line}");
        assert_eq!(options.notices.len(), usize::from(stray), "{line}");
    }
}

#[test]
fn test_keeps_the_other_options() {
    let got = parse_line("keepalived -t -d -f a.conf -i east");
    let Ok(Command::Test {
        options, log: None, ..
    }) = got
    else {
        panic!("{got:?}");
    };
    assert!(options.dump);
    assert_eq!(options.file.as_deref(), Some("a.conf"));
    assert_eq!(options.config_id.as_deref(), Some("east"));
    assert_eq!(&*options.name, "keepalived");
}

#[test]
fn long_names_may_be_cut_short() {
    assert_eq!(run("--use=a").file.as_deref(), Some("a"));
    assert_eq!(run("--use a").file.as_deref(), Some("a"));
    assert!(run("--dump").dump);
    // Exact, although --vrrp_pid begins with it.
    assert!(!run("--vrrp").check);
    assert_eq!(
        wrong("--log"),
        "option '--log' may mean --log-console, --log-detail, --log-facility, --log-file"
    );
    // One letter is an abbreviation too, not the short option.
    assert_eq!(run("--f").file, None);
    assert_eq!(run("--f").notices.len(), 1);
    assert_eq!(wrong("--z"), "unknown option '--z'");
}

#[test]
fn unknown_options() {
    assert_eq!(wrong("-Z"), "unknown option '-Z'");
    assert_eq!(wrong("-nZ"), "unknown option '-Z'");
    assert_eq!(
        wrong("--dont-frok"),
        "unknown option '--dont-frok'; did you mean '--dont-fork'?"
    );
    assert_eq!(
        wrong("--log-facilty=3"),
        "unknown option '--log-facilty'; did you mean '--log-facility'?"
    );
    assert_eq!(wrong("--xyzzy"), "unknown option '--xyzzy'");
}

#[test]
fn missing_and_surplus_arguments() {
    assert_eq!(wrong("-f"), "-f, --use-file needs an argument");
    assert_eq!(wrong("--use-file"), "-f, --use-file needs an argument");
    assert_eq!(wrong("--use-file="), "-f, --use-file needs an argument");
    assert_eq!(
        wrong("--config-test="),
        "-t, --config-test needs an argument"
    );
    assert_eq!(
        wrong("-t --check-format=xml"),
        "--check-format: 'xml' is unknown; write text or json"
    );
    assert_eq!(wrong("--vrrp=1"), "-P, --vrrp takes no argument");
    assert_eq!(wrong("-n --signum"), "--signum needs an argument");
}

#[test]
fn a_message_names_the_program_and_the_way_to_help() {
    let Err(usage) = parse_line("/sbin/keepalived --bogus") else {
        panic!();
    };
    assert_eq!(
        usage.to_string(),
        "keepalived: unknown option '--bogus'\nTry 'keepalived --help'."
    );
    assert_eq!(Usage::STATUS, 1);
}

#[test]
fn stray_words_are_named_and_ignored() {
    let options = run("-n two -- --three");
    assert!(options.foreground);
    assert_eq!(
        options.notices,
        ["unexpected argument(s) ignored: two --three".into()]
    );
    assert!(matches!(
        parse_line("/usr/sbin/keepalived one -n"),
        Ok(Command::Run(_))
    ));
    assert_eq!(run("-n --").notices, []);
}

#[test]
fn facilities() {
    for (text, code) in [
        ("0", 16),
        ("7", 23),
        ("local0", 16),
        ("local7", 23),
        ("user", 1),
        ("daemon", 3),
    ] {
        assert_eq!(Facility::parse(text).map(Facility::code), Some(code));
    }
    for text in ["8", "local8", "local", "", "mail", "-1", "00", "local03"] {
        assert_eq!(Facility::parse(text), None, "{text}");
    }
    let options = run("-S 9");
    assert_eq!(options.facility, Facility::DAEMON);
    assert!(options.notices[0].starts_with("-S, --log-facility: '9' is no facility"));
}

#[test]
fn masks() {
    for (text, value) in [("022", 0o22), ("0x12", 0x12), ("18", 18), ("0", 0)] {
        assert_eq!(mask(text), Some(value), "{text}");
    }
    for text in ["", "1000", "08", "x", "-1", "99999999999"] {
        assert_eq!(mask(text), None, "{text}");
    }
    let options = run("-u 999");
    assert_eq!(options.umask, None);
    assert_eq!(options.notices.len(), 1);
}

#[test]
fn vrrp_and_check_together_leave_nothing() {
    let options = run("-PC");
    assert!(!options.vrrp && !options.check);
}

#[test]
fn signals() {
    for (name, signal) in SIGNALS {
        let got = parse_line(&format!("holdfast --signum={name}"));
        assert_eq!(got, Ok(Command::Signum(signal)));
    }
    assert_eq!(Signal::named("TDATA"), Some(Signal::Tdump));
    assert_eq!(
        wrong("--signum=FOO"),
        "--signum: no signal is called 'FOO'; there are STOP, RELOAD, DATA, STATS, STATS_CLEAR, \
         JSON, TDUMP"
    );
}

#[test]
fn genhash_by_name_and_by_option() {
    let args: Vec<OsString> = ["-s", "10.0.0.1"].map(OsString::from).into();
    for line in [
        "/bin/genhash -s 10.0.0.1",
        "holdfast -T -s 10.0.0.1",
        "x --genhash -s 10.0.0.1",
    ] {
        assert_eq!(
            parse_line(line),
            Ok(Command::Genhash(args.clone())),
            "{line}"
        );
    }
    assert_eq!(wrong("-n -T"), "-T, --genhash must be the first option");
}

#[test]
fn arguments_that_are_not_text() {
    use std::os::unix::ffi::OsStringExt;
    let argv = [
        OsString::from("holdfast"),
        OsString::from_vec(vec![b'-', 0xff]),
    ];
    let Err(usage) = parse(argv) else { panic!() };
    assert!(usage.what.starts_with("argument is not UTF-8: "));
    assert_eq!(parse([]), parse_line("holdfast"));
}

#[test]
fn a_command_behind_an_option_starts_no_daemon() {
    for (args, word) in [("-p /run/a.pid stop", "stop"), ("-n reload", "reload")] {
        let said = wrong(args);
        assert!(said.contains(&format!("'{word}' must come first: holdfast {word}")));
    }
}

#[test]
fn a_command_that_does_not_exist_starts_no_daemon() {
    for (args, said) in [
        ("statsu", "unknown command 'statsu'; did you mean 'status'?"),
        (
            "reolad -n",
            "unknown command 'reolad'; did you mean 'reload'?",
        ),
        (
            "restart",
            "unknown command 'restart'; 'holdfast' alone starts the daemon",
        ),
        (
            "help",
            "unknown command 'help'; 'holdfast' alone starts the daemon",
        ),
    ] {
        assert_eq!(wrong(args), said);
    }
}
