//! The format of transcripts.
//!
//! ```text
//! # comment
//! instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100     (see `instance`)
//! group G1 V1 V2
//! startup_delay 5
//! @0 < link eth0 index=2 up ip=10.0.0.1    (and ip6=fe80::1 no_multicast)
//! @0 < start                       (or stop; resume V1 last=… seq=…; timer V1 Advert)
//! @1 < advert prio=150 from=10.0.0.2                    (see `packet.rs`)
//! @5 < wait                        (lets time pass)
//! @6 < freeze                      (timers are not served until `thaw`, then all at once)
//! @5 < show V1                     (state and counters)
//! ```
//!
//! What is tracked: see `track.rs`. The runner adds a line `> …` for each action and a line
//! `@… * V1 MasterDown` for each timer that runs out on the way, or `@… * startup` for what has a
//! clock of its own. A timer due at the very moment of an input comes after it, except for `wait`.

use crate::packet;
use crate::track::{self, Clocks};
use crate::unicast::{GROUP6, unicast};
use holdfast::time::{Instant, Span};
use holdfast::vrrp::{
    Action, Address, Event, Family, GroupParams, IfaceId, InstanceId, InstanceParams, Link, Params,
    Place, Router, Snapshot, TIMERS, Timer,
};
use holdfast::wire::vrrp::{Auth, ChecksumForm, Version};
use std::fmt::Write;
use std::net::IpAddr;

/// Words of a line: plain ones and `key=value` ones.
pub struct Words<'a>(Vec<&'a str>);

impl<'a> Words<'a> {
    pub fn new(line: &'a str) -> Self {
        Words(line.split_whitespace().collect())
    }
    pub fn at(&self, index: usize) -> Result<&'a str, String> {
        let word = self.0.get(index).copied();
        word.ok_or_else(|| format!("{:?}: a word is missing", self.0.join(" ")))
    }
    /// All words from `index` on.
    pub fn from(&self, index: usize) -> impl Iterator<Item = &'a str> + '_ {
        self.0.iter().skip(index).copied()
    }
    pub fn has(&self, flag: &str) -> bool {
        self.0.contains(&flag)
    }
    pub fn all<'k>(&'k self, key: &'k str) -> impl Iterator<Item = &'a str> + 'k {
        self.0
            .iter()
            .filter_map(move |word| word.strip_prefix(key)?.strip_prefix('='))
    }
    pub fn value(&self, key: &str) -> Option<&'a str> {
        self.all(key).next()
    }
    /// A parsed value, or `or` if it is not given.
    pub fn get<T: std::str::FromStr>(&self, key: &str, or: T) -> Result<T, String> {
        match self.value(key) {
            None => Ok(or),
            Some(text) => text.parse().map_err(|_| format!("{key}={text}: what?")),
        }
    }
    pub fn span(&self, key: &str, or: Span) -> Result<Span, String> {
        self.value(key)
            .map_or(Ok(or), |text| micros(text).map(Span::from_micros))
    }
}

/// Seconds with decimals.
fn micros(text: &str) -> Result<u64, String> {
    let wrong = |_| format!("{text}: no time");
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let part = format!("{part:0<6}");
    let (whole, part): (u64, u64) = (whole.parse().map_err(wrong)?, part.parse().map_err(wrong)?);
    Ok(whole * 1_000_000 + part)
}

pub fn auth(text: &str) -> Result<Auth, String> {
    let secret = |text: &str| {
        let mut bytes = [0; 8];
        for (to, from) in bytes.iter_mut().zip(text.bytes()) {
            *to = from;
        }
        bytes
    };
    match text.split_once(':') {
        None if text == "none" => Ok(Auth::None),
        Some(("pass", text)) => Ok(Auth::Pass(secret(text))),
        Some(("ah", text)) => Ok(Auth::Ah(secret(text))),
        _ => Err(format!("auth={text}: what?")),
    }
}

pub fn version(text: &str) -> Result<Version, String> {
    match text {
        "2" => Ok(Version::V2),
        "3" => Ok(Version::V3),
        _ => Err(format!("version={text}: what?")),
    }
}

pub fn iface(params: &mut Params, name: &str) -> IfaceId {
    let name = if name == "-" { "" } else { name };
    let known = params.interfaces.iter().position(|known| **known == *name);
    let at = known.unwrap_or_else(|| {
        params.interfaces.push(name.into());
        params.interfaces.len() - 1
    });
    IfaceId(at as u16)
}

fn addresses(params: &mut Params, words: &Words<'_>, own: IfaceId, key: &str) -> Vec<Address> {
    words
        .all(key)
        .flat_map(|list| list.split(','))
        .map(|text| {
            let (address, dev) = text.split_once('@').unwrap_or((text, ""));
            let iface = if dev.is_empty() {
                own
            } else {
                iface(params, dev)
            };
            let address: IpAddr = address.parse().expect("an address");
            Address::new(address, if address.is_ipv4() { 24 } else { 64 }, iface)
        })
        .collect()
}

/// `instance NAME IFACE` and any of: version= prio= int= MASTER source= nopreempt delay= auth= sum=
/// addr=a,b@eth1 excluded= down= dont_track_primary skip_check owner_ignore no_lower_advert
/// higher_advert garp_delay= garp_repeat= garp_refresh= lower_delay= lower_repeat= extra_if= group=
///
/// The family is that of the first address. IFACE `-` is none. See also [`unicast`].
fn instance(params: &mut Params, words: &Words<'_>) -> Result<(), String> {
    let own = iface(params, words.at(2)?);
    let mut i = InstanceParams::new(words.at(1)?, own, words.get("vrid", 51)?);
    i.addresses = addresses(params, words, own, "addr");
    i.excluded = addresses(params, words, own, "excluded");
    i.version = version(words.value("version").unwrap_or("2"))?;
    i.priority = words.get("prio", i.priority)?;
    i.advert_int = words.span("int", i.advert_int)?;
    i.wants_master = words.has("MASTER");
    i.source = words.value("source").map(|text| text.parse().unwrap());
    i.preempt = !words.has("nopreempt");
    i.preempt_delay = words.span("delay", i.preempt_delay)?;
    i.auth = auth(words.value("auth").unwrap_or("none"))?;
    if words.value("sum") == Some("plain") {
        i.checksum = ChecksumForm::Plain;
    }
    i.track_primary = !words.has("dont_track_primary");
    i.skip_check_adv_addr = words.has("skip_check");
    i.owner_ignore_adverts = words.has("owner_ignore");
    i.lower_prio_no_advert = words.has("no_lower_advert");
    i.higher_prio_send_advert = words.has("higher_advert");
    i.down_timer_adverts = words.get("down", 3)?;
    i.garp.delay = words.span("garp_delay", i.garp.delay)?;
    i.garp.repeat = words.get("garp_repeat", i.garp.repeat)?;
    i.garp.refresh = words.span("garp_refresh", i.garp.refresh)?;
    i.garp.lower_prio_delay = words.span("lower_delay", i.garp.delay)?;
    i.garp.lower_prio_repeat = words.get("lower_repeat", i.garp.repeat)?;
    i.garp.elsewhere = words.span("extra_if", i.garp.elsewhere)?;
    if let Some(Address {
        address: IpAddr::V6(_),
        ..
    }) = i.addresses.first()
    {
        i.family = Family::V6;
        i.version = version(words.value("version").unwrap_or("3"))?;
        i.group_address = GROUP6.into();
    }
    i.group_address = words.get("group", i.group_address)?;
    i.unicast = unicast(words)?;
    params.instances.push(i);
    Ok(())
}

fn group(params: &mut Params, words: &Words<'_>) -> Result<(), String> {
    let mut members = Vec::new();
    for name in &words.0[2..] {
        members.push(find(params, name)?);
    }
    params.groups.push(GroupParams {
        name: words.at(1)?.into(),
        place: Place::default(),
        members,
    });
    Ok(())
}

pub fn find(params: &Params, name: &str) -> Result<InstanceId, String> {
    let at = params.instances.iter().position(|i| *i.name == *name);
    at.map(|at| InstanceId(at as u16))
        .ok_or_else(|| format!("no instance {name}"))
}

/// The machine, its timers, and the transcript as it is written anew.
struct Stage {
    router: Router,
    armed: Vec<[Option<Instant>; TIMERS]>,
    clocks: Clocks,
    text: String,
    frozen: bool,
    /// When everything is served that was due before.
    late: Option<Instant>,
}

impl Stage {
    fn event(&mut self, event: Event<'_>, now: Instant) {
        self.router.handle(event, now);
        while let Some(action) = self.router.next_action() {
            let line = self.router.params().text(action);
            writeln!(self.text, "> {line}").unwrap();
            self.clocks.note(&action);
            match action {
                Action::Arm(id, timer, at) => {
                    self.armed[usize::from(id.0)][timer as usize] = Some(at);
                }
                Action::Disarm(id, timer) => self.armed[usize::from(id.0)][timer as usize] = None,
                _ => {}
            }
        }
    }

    /// Serves the timers that are due before `end`, or at it.
    fn pass(&mut self, end: Instant, including: bool) {
        // A machine gone wild ends here, and differs.
        for _ in 0..1000 {
            if self.frozen {
                return;
            }
            let due = (0..self.armed.len()).flat_map(|at| {
                let armed = &self.armed[at];
                Timer::ALL
                    .into_iter()
                    .filter_map(move |t| armed[t as usize].map(|when| (when, at, t)))
            });
            let timer = due.min_by_key(|(when, at, t)| (*when, *at, *t as u8));
            if let Some((when, clock)) = self.clocks.next()
                && timer.is_none_or(|(first, ..)| when <= first)
            {
                if when > end || (when == end && !including) {
                    return;
                }
                self.clocks.take(clock);
                let name = self.router.params().text(clock);
                let when = self.late.unwrap_or(when);
                writeln!(self.text, "@{when} * {name}").unwrap();
                self.event(Event::Clock(clock), when);
                continue;
            }
            let Some((when, at, timer)) = timer else {
                return;
            };
            if when > end || (when == end && !including) {
                return;
            }
            self.armed[at][timer as usize] = None;
            let id = InstanceId(at as u16);
            let name = self.router.params().text(id);
            let when = self.late.unwrap_or(when);
            writeln!(self.text, "@{when} * {name} {timer}").unwrap();
            self.event(Event::Timer(id, timer), when);
        }
    }

    fn input(&mut self, words: &Words<'_>, now: Instant) -> Result<(), String> {
        let params = self.router.params();
        match words.at(2)? {
            "wait" => {}
            "freeze" => self.frozen = true,
            "thaw" => {
                self.frozen = false;
                self.late = Some(now);
                self.pass(now, true);
                self.late = None;
            }
            "start" => self.event(Event::Start, now),
            "stop" => self.event(Event::Stop, now),
            "link" => {
                let (iface, link) = link(params, words)?;
                self.event(Event::Interface { iface, link }, now);
            }
            "resume" => {
                let event = Event::Resume {
                    instance: find(params, words.at(3)?)?,
                    last_advert: Instant::ZERO + words.span("last", Span::ZERO)?,
                    sequence: words.get("seq", 0)?,
                };
                self.event(event, now);
            }
            "timer" => {
                let id = find(params, words.at(3)?)?;
                let name = words.at(4)?;
                let timer = Timer::ALL.into_iter().find(|t| t.to_string() == name);
                let timer = timer.ok_or_else(|| format!("no timer {name}"))?;
                self.event(Event::Timer(id, timer), now);
            }
            "advert" => {
                let arrival = packet::build(params, words)?;
                let iface = arrival.iface;
                match arrival.parse() {
                    Ok(packet) => self.event(Event::Packet { iface, packet }, now),
                    Err(why) => self.event(Event::Malformed { iface, why }, now),
                }
            }
            "show" => {
                let name = words.at(3)?;
                let id = find(params, name)?;
                let snapshot = self.router.snapshot(id).ok_or("no snapshot")?;
                let shown = show(&snapshot, params);
                writeln!(self.text, "> {name} {shown}").unwrap();
            }
            "status" => {
                let shown = track::status(&self.router, words)?;
                writeln!(self.text, "> {shown}").unwrap();
            }
            other => match track::event(params, words)? {
                Some(event) => self.event(event, now),
                None => return Err(format!("{other}: what?")),
            },
        }
        Ok(())
    }
}

/// `link NAME` and any of: index= up ip= ip6= no_multicast
fn link(params: &Params, words: &Words<'_>) -> Result<(IfaceId, Link), String> {
    let name = words.at(3)?;
    let name = if name == "-" { "" } else { name };
    let at = params.interfaces.iter().position(|known| **known == *name);
    let at = at.ok_or_else(|| format!("no interface {name}"))?;
    let link = Link {
        index: words.get("index", 0)?,
        up: words.has("up"),
        ipv4: words.value("ip").map(|text| text.parse().unwrap()),
        ipv6: words.value("ip6").map(|text| text.parse().unwrap()),
        no_multicast: words.has("no_multicast"),
    };
    Ok((IfaceId(at as u16), link))
}

/// A snapshot on a line, with the counters that are not 0.
fn show(s: &Snapshot, params: &Params) -> String {
    let mut line = format!(
        "{} wants={} prio={}",
        s.state, s.wanted, s.effective_priority
    );
    if let Some(source) = s.source {
        write!(line, " source={source}").unwrap();
    }
    if let Some((master, priority)) = s.master {
        write!(line, " master={master}/{priority}").unwrap();
    }
    write!(line, " interval={}", s.master_interval).unwrap();
    let c = &s.counters;
    for (name, value) in [
        ("rcvd", c.advert_rcvd),
        ("sent", c.advert_sent),
        ("become", c.become_master),
        ("release", c.release_master),
        ("len", c.packet_len_err),
        ("interval", c.advert_interval_err),
        ("ttl", c.ip_ttl_err),
        ("type", c.invalid_type_rcvd),
        ("list", c.addr_list_err),
        ("authtype", c.invalid_authtype),
        ("mismatch", c.authtype_mismatch),
        ("auth", c.auth_failure),
        ("zero_rcvd", c.pri_zero_rcvd),
        ("zero_sent", c.pri_zero_sent),
        ("version", c.version_err),
        ("checksum", c.checksum_err),
        ("destination", c.destination_err),
        ("owner", c.owner_ignored),
    ] {
        if value != 0 {
            write!(line, " {name}:{value}").unwrap();
        }
    }
    for reason in &s.reasons {
        write!(line, "; {}", params.text(*reason)).unwrap();
    }
    line
}

/// Plays a transcript; returns it with the actions the machine really asked for.
pub fn play(written: &str) -> Result<String, String> {
    let mut params = Params::default();
    let mut stage: Option<Stage> = None;
    let mut head = String::new();
    for line in written.lines() {
        if line.starts_with('>') || (line.starts_with('@') && line.contains(" * ")) {
            continue;
        }
        let words = Words::new(line);
        if !line.starts_with('@') {
            match words.0.first().copied() {
                Some("instance") => instance(&mut params, &words)?,
                Some("group") => group(&mut params, &words)?,
                Some("startup_delay") => {
                    params.startup_delay = Span::from_micros(micros(words.at(1)?)?);
                }
                Some(word) if word.starts_with('#') => {}
                Some(word) if !track::define(&mut params, &words)? => {
                    return Err(format!("{word}: what?"));
                }
                _ => {}
            }
            let text = stage.as_mut().map_or(&mut head, |stage| &mut stage.text);
            writeln!(text, "{line}").unwrap();
            continue;
        }
        let now = Instant::from_micros(micros(&words.at(0)?[1..])?);
        if words.at(1)? != "<" {
            return Err(format!("{line}: '<' expected"));
        }
        let stage = stage.get_or_insert_with(|| Stage {
            armed: vec![[None; TIMERS]; params.instances.len()],
            clocks: Clocks::default(),
            router: Router::new(params.clone()),
            text: std::mem::take(&mut head),
            frozen: false,
            late: None,
        });
        stage.pass(now, words.at(2)? == "wait");
        writeln!(stage.text, "{line}").unwrap();
        stage.input(&words, now)?;
    }
    Ok(stage.map_or(head, |stage| stage.text))
}
