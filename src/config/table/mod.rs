//! Every keyword there is, the block it lives in, what it takes, and what becomes of it.

mod checks;
mod forks;
mod global;
mod ipvs;
mod list;
mod pack;
mod parts;
mod root;
mod shape;
mod vrrp;

pub(super) use forks::fork;
pub use list::{INCLUDES, columns, keywords};
pub use pack::{Rows, rows};
pub(super) use parts::{HAS_IPVS, HAS_VRRP};
pub(super) use shape::Scaled;

/// A block that holds keywords.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Block {
    /// Outside every block.
    Root,
    /// `global_defs`
    Global,
    /// `vrrp_sync_group`
    SyncGroup,
    /// `vrrp_instance`
    Instance,
    /// `authentication`
    Authentication,
    /// `auth_hmac`
    AuthHmac,
    /// `vrrp_script`
    Script,
    /// `track_file` at the root
    TrackFile,
    /// `vrrp_track_process`
    TrackProcess,
    /// `bfd_instance`
    Bfd,
    /// `garp_group`
    GarpGroup,
    /// `track_group`
    TrackGroup,
    /// `SSL`
    Ssl,
    /// `virtual_server`
    VirtualServer,
    /// `real_server`
    RealServer,
    /// `TCP_CHECK`
    Tcp,
    /// `HTTP_GET`
    Http,
    /// `SSL_GET`
    SslGet,
    /// `url` in `HTTP_GET`
    Url,
    /// `url` in `SSL_GET`
    SslUrl,
    /// `MISC_CHECK`
    Misc,
    /// `SMTP_CHECK`
    Smtp,
    /// `host` in `SMTP_CHECK`
    SmtpHost,
    /// `DNS_CHECK`
    Dns,
    /// `UDP_CHECK`
    Udp,
    /// `PING_CHECK`
    Ping,
    /// `FILE_CHECK`
    File,
    /// `BFD_CHECK`
    BfdCheck,
}

/// All blocks.
pub const BLOCKS: [Block; 28] = [
    Block::Root,
    Block::Global,
    Block::SyncGroup,
    Block::Instance,
    Block::Authentication,
    Block::AuthHmac,
    Block::Script,
    Block::TrackFile,
    Block::TrackProcess,
    Block::Bfd,
    Block::GarpGroup,
    Block::TrackGroup,
    Block::Ssl,
    Block::VirtualServer,
    Block::RealServer,
    Block::Tcp,
    Block::Http,
    Block::SslGet,
    Block::Url,
    Block::SslUrl,
    Block::Misc,
    Block::Smtp,
    Block::SmtpHost,
    Block::Dns,
    Block::Udp,
    Block::Ping,
    Block::File,
    Block::BfdCheck,
];

/// What stands between a block's keyword and its `{`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Head {
    /// Nothing.
    None,
    /// Exactly one name; keepalived skips the block otherwise.
    Name,
    /// A name; keepalived gives up without it.
    Required,
    /// `IP [PORT]`, `fwmark N` or `group NAME`.
    VirtualServer,
    /// `IP [PORT]`.
    RealServer,
}

/// What one line, or one word, of a list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// Mail addresses, any number on a line.
    Mails,
    /// Names of instances, any number on a line.
    Instances,
    /// Names of interfaces, any number on a line.
    Interfaces,
    /// An address with its options.
    Address,
    /// A static address with its options.
    StaticAddress,
    /// A route.
    Route,
    /// A policy rule.
    Rule,
    /// An interface to track: `IFNAME [weight W [reverse]]`.
    TrackInterface,
    /// Something defined elsewhere: `NAME [weight W [reverse|noreverse]]`, W up to this.
    Track(Defined, i16),
    /// `IP [min_ttl N] [max_ttl N]`.
    Peer,
    /// Service addresses: `IP[-…|/M] [PORT]` or `fwmark N`.
    Service,
    /// `IFNAME [MII|ETHTOOL|IOCTL]`.
    Linkbeat,
    /// `IFNAME DOWN [UP]`.
    Delays,
}

/// Kinds of things that are defined by name and referred to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Defined {
    /// `vrrp_script`
    Script,
    /// `track_file`
    File,
    /// `vrrp_track_process`
    Process,
    /// `bfd_instance`
    Bfd,
}

/// What a keyword takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A block of keywords.
    Block(Block, Head),
    /// A block of words.
    Words(Item),
    /// A block of lines.
    Lines(Item, Head),
    /// Nothing.
    Flag,
    /// Perhaps `on`, `true`, `yes`, `off`, `false`, `no`.
    Bool,
    /// A whole number; anything else is refused.
    Uint(u32, u32),
    /// A whole number; outside a test, trailing characters are tolerated.
    Count(u32, u32),
    /// A whole number from 1; 0 counts as 1.
    Positive,
    /// Perhaps a whole number.
    OptUint(u32, u32),
    /// A whole number with a sign.
    Int(i32, i32),
    /// A decimal number of units of 10^-digits: least, most, digits.
    Decimal(u64, u64, u8),
    /// Any word.
    Word,
    /// Perhaps a word.
    OptWord,
    /// A word of at most so many bytes.
    Short(u8),
    /// Between so many and so many words.
    Many(u8, u8),
    /// The name of an interface.
    Interface,
    /// An IP address.
    Ip,
    /// An IPv4 address, or one of either family, that is multicast.
    Multicast(bool),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// One of these words, in any case.
    AnyCase(&'static [&'static str]),
    /// A script, perhaps with user and group.
    Script,
    /// Perhaps a script.
    OptScript,
    /// A script without user.
    Command,
    /// A user and perhaps a group.
    User,
    /// `N [reverse]`, N up to this.
    Weight(i32),
    /// `HOST [PORT]`.
    Server,
    /// `[all] SECONDS`.
    ExtraIf(u32),
    /// `IP [PORT]`.
    IpPort,
    /// `IFNAME [[inst] NAME] [id N] [maxlen N] [port N] [ttl N] [group IP]`.
    SyncDaemon,
    /// `[tcp S] [tcpfin S] [udp S]`.
    Timeouts,
    /// NAT, DR or TUN with its options.
    Method,
    /// A netmask, or a prefix length.
    Mask,
    /// HTTP status codes and ranges.
    Codes,
    /// 32 hexadecimal digits.
    Digest,
    /// `[read|match|…]`.
    IncludeCheck,
    /// A regular expression.
    Regex,
    /// `ID VALUE`.
    HmacKey,
    /// `NAME [user [group]]` of a FIFO.
    Fifo,
}

/// What holdfast does with a keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Does what it says.
    Works,
    /// Not supported yet; the text names what is missing and is said once.
    Later(&'static str),
    /// This build leaves it out; the text names what is missing and is said once.
    Absent(&'static str),
    /// Not supported, and not planned.
    Never(&'static str),
    /// Accepted; it has no effect, here or in keepalived.
    Idle,
    /// An old name; use this one.
    Old(&'static str),
    /// keepalived does not know it, or no longer; accepted with this explanation.
    Foreign(&'static str),
}

/// What a second line with the same keyword means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// The last one wins.
    Last,
    /// The first one wins.
    First,
    /// They add up.
    Adds,
}

/// One keyword in one block, as the lists below have it.
#[derive(Clone, Copy)]
struct Written {
    name: &'static str,
    shape: Shape,
    default: &'static str,
    state: State,
    again: Again,
    words: &'static str,
    unit: &'static str,
}

impl Written {
    const fn args(self, words: &'static str) -> Written {
        Written { words, ..self }
    }
    const fn unit(self, unit: &'static str) -> Written {
        Written { unit, ..self }
    }
    const fn again(self, again: Again) -> Written {
        Written { again, ..self }
    }
    const fn first(self) -> Written {
        self.again(Again::First)
    }
    const fn adds(self) -> Written {
        self.again(Again::Adds)
    }
}

/// One keyword in one block.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The keyword.
    pub name: &'static str,
    /// What it takes.
    pub shape: Shape,
    /// What becomes of it.
    pub state: State,
    /// What a second one means.
    pub again: Again,
    default: u16,
    words: u16,
    unit: u16,
}

impl Row {
    /// The block this keyword opens, if it opens one.
    pub fn opens(&self) -> bool {
        matches!(
            self.shape,
            Shape::Block(..) | Shape::Words(_) | Shape::Lines(..)
        )
    }
}

const fn row(name: &'static str, shape: Shape, default: &'static str, state: State) -> Written {
    let again = match shape {
        Shape::Block(..) | Shape::Words(_) | Shape::Lines(..) => Again::Adds,
        Shape::Script | Shape::OptScript | Shape::Command => Again::First,
        _ => Again::Last,
    };
    Written {
        name,
        shape,
        default,
        state,
        again,
        words: "",
        unit: match shape {
            Shape::Decimal(_, _, 6) => "s",
            _ => "",
        },
    }
}
/// A keyword that works.
const fn works(name: &'static str, shape: Shape, default: &'static str) -> Written {
    row(name, shape, default, State::Works)
}
/// A keyword that is not supported yet.
const fn later(name: &'static str, shape: Shape, default: &'static str) -> Written {
    row(name, shape, default, State::Later(""))
}
/// A keyword that belongs to one of the [`parts`], or is in another state.
const fn part(state: State, name: &'static str, shape: Shape, default: &'static str) -> Written {
    row(name, shape, default, state)
}
const fn never(
    what: &'static str,
    name: &'static str,
    shape: Shape,
    default: &'static str,
) -> Written {
    row(name, shape, default, State::Never(what))
}
const fn idle(name: &'static str, shape: Shape, default: &'static str) -> Written {
    row(name, shape, default, State::Idle)
}
/// An old name of another keyword.
const fn old(name: &'static str, shape: Shape, new: &'static str) -> Written {
    row(name, shape, "", State::Old(new))
}
const fn foreign(name: &'static str, shape: Shape, why: &'static str) -> Written {
    row(name, shape, "", State::Foreign(why))
}

/// A decimal number of seconds, in microseconds.
const fn timer(min: u64, max: u64) -> Shape {
    Shape::Decimal(min, max, 6)
}
/// Longest timer keepalived takes: 32 bits of microseconds.
const TIMER_MAX: u64 = 4_294_967_295;
const BIG: u32 = u32::MAX;

/// The keywords of each block, in the order of [`BLOCKS`].
const LISTS: [&[Written]; BLOCKS.len()] = [
    root::ROOT,
    global::GLOBAL,
    vrrp::SYNC_GROUP,
    vrrp::INSTANCE,
    vrrp::AUTHENTICATION,
    vrrp::AUTH_HMAC,
    root::SCRIPT,
    root::TRACK_FILE,
    root::TRACK_PROCESS,
    root::BFD,
    root::GARP_GROUP,
    root::TRACK_GROUP,
    root::SSL,
    ipvs::VIRTUAL_SERVER,
    ipvs::REAL_SERVER,
    checks::TCP,
    checks::HTTP,
    checks::SSL_GET,
    checks::URL,
    checks::SSL_URL,
    checks::MISC,
    checks::SMTP,
    checks::SMTP_HOST,
    checks::DNS,
    checks::UDP,
    checks::PING,
    checks::FILE,
    checks::BFD_CHECK,
];

/// A row by block and number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RowId {
    pub block: Block,
    pub index: u8,
}

impl RowId {
    pub(super) fn get(self) -> Row {
        rows(self.block).row(usize::from(self.index))
    }
}

/// The keyword `name` in `block`.
pub(super) fn find(block: Block, name: &[u8]) -> Option<RowId> {
    let index = rows(block).position(name)?;
    let index = u8::try_from(index).ok()?;
    Some(RowId { block, index })
}

/// The blocks in which `name` is a keyword, without repeating their names.
pub(super) fn homes(name: &[u8]) -> Vec<Block> {
    let mut found: Vec<Block> = BLOCKS
        .into_iter()
        .filter(|b| find(*b, name).is_some())
        .collect();
    found.dedup_by_key(|b| b.to_string());
    found
}

/// Whether a keyword takes any text, so that look-alike characters change nothing for keepalived.
pub(super) fn free_text(name: &[u8]) -> bool {
    let mut shapes = BLOCKS.into_iter().filter_map(|b| find(b, name));
    shapes.next().is_some_and(|id| {
        matches!(
            id.get().shape,
            Shape::Word | Shape::OptWord | Shape::Many(..) | Shape::Flag
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_blocks_are_in_order() {
        for (at, block) in BLOCKS.into_iter().enumerate() {
            assert_eq!(at, block as usize, "{block}");
            let names = rows(block).iter().map(|r| r.name);
            assert!(names.eq(LISTS[at].iter().map(|r| r.name)), "{block}");
        }
    }

    #[test]
    fn no_keyword_stands_twice_in_a_block() {
        for block in BLOCKS {
            let names: Vec<&str> = rows(block).iter().map(|r| r.name).collect();
            for (i, name) in names.iter().enumerate() {
                assert!(!names[..i].contains(name), "{name} twice in {block}");
            }
            assert!(names.len() < 256, "a row's number is a byte");
        }
    }

    #[test]
    fn the_list_names_every_row() {
        let list = keywords();
        for block in BLOCKS {
            for row in rows(block).iter() {
                let found = list.lines().any(|l| l.split('\t').next() == Some(row.name));
                assert!(found, "{} is missing", row.name);
            }
        }
        assert!(list.lines().all(|l| l.split('\t').count() == 5), "{list}");
    }
}
