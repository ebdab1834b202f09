//! Adverts as a peer would send them, sound or faulty in one respect.
//!
//! `advert prio=150 from=10.0.0.2`: everything else is as the instance of that VRID would say it.
//! `on=eth0 like=V2 vrid= version= int= addr=a,b auth= seq= ttl= to= sum=pseudo|plain|old` say it
//! differently. To a unicast instance it comes from its first peer; over IPv6 from fe80::2.
//! Faults: `kind= versionbits= count= authtype= reserved=` (bits set), `sum=bad`, `flip=OFFSET` (one
//! bit of the message), `cut=N`, `more=N` (bytes, stated in the IP header), `pad=N` (bytes not stated),
//! `total=N` (IP total length), `icv=bad`, `spi=bad`.

use crate::script::{Words, auth, version};

use holdfast::vrrp::{Family, IfaceId, InstanceParams, Params};
use holdfast::wire::vrrp::{Auth, ChecksumForm, Outline, Packet, Version, emit};
use holdfast::wire::{Error, ah, checksum};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Length of the IP header.
const IP: usize = 20;

/// What arrives: a datagram, or over IPv6 the message and what the kernel says of its header.
pub struct Arrival {
    pub iface: IfaceId,
    bytes: Vec<u8>,
    header: Option<(IpAddr, IpAddr, u8)>,
}

impl Arrival {
    pub fn parse(&self) -> Result<Packet<'_>, Error> {
        match self.header {
            None => Packet::parse_ipv4(&self.bytes),
            Some((from, to, hops)) => Packet::parse_message(from, to, hops, &self.bytes),
        }
    }
}

pub fn build(params: &Params, words: &Words<'_>) -> Result<Arrival, String> {
    let first = params.instances.first().ok_or("no instance")?;
    let like = words.value("like");
    let like = like.and_then(|name| params.instances.iter().find(|i| *i.name == *name));
    let vrid: u8 = words.get("vrid", like.unwrap_or(first).vrid)?;
    let model = like.or_else(|| params.instances.iter().find(|i| i.vrid == vrid));
    let model = model.unwrap_or(first);
    let iface = match words.value("on") {
        None => model.iface,
        Some(name) => {
            let name = if name == "-" { "" } else { name };
            let at = params.interfaces.iter().position(|known| **known == *name);
            IfaceId(at.ok_or("no such interface")? as u16)
        }
    };
    let from = words.get("from", from(model))?;
    let to = words.get("to", to(model))?;
    let (mut bytes, form) = sound(model, vrid, (from, to), words)?;
    if from.is_ipv6() {
        spoil_message(&mut bytes, from, to, words)?;
        let header = Some((from, to, words.get("ttl", 255)?));
        return Ok(Arrival {
            iface,
            bytes,
            header,
        });
    }
    let auth = words.value("auth").map_or(Ok(model.auth), auth)?;
    let at = match auth {
        Auth::Ah(_) => IP + ah::LEN,
        _ => IP,
    };
    spoil(&mut bytes, at, form, words)?;
    if let Auth::Ah(key) = auth {
        ah::sign(&mut bytes, &key, words.get("seq", 1)?).map_err(|why| why.to_string())?;
        if words.value("icv") == Some("bad") {
            bytes[at - 1] ^= 1;
        }
    }
    bytes.resize(bytes.len() + words.get("pad", 0)?, 0);
    Ok(Arrival {
        iface,
        bytes,
        header: None,
    })
}

/// The other router.
fn from(model: &InstanceParams) -> IpAddr {
    let peer = model.unicast.as_deref().and_then(|u| u.peers.first());
    match (peer, model.family) {
        (Some(peer), _) => peer.address,
        (None, Family::V4) => [10, 0, 0, 2].into(),
        (None, Family::V6) => Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 2).into(),
    }
}

fn to(model: &InstanceParams) -> IpAddr {
    match (&model.unicast, model.family) {
        (None, _) => model.group_address,
        (Some(_), Family::V4) => model.source.unwrap_or([10, 0, 0, 1].into()),
        (Some(_), Family::V6) => {
            let own = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
            model.source.unwrap_or(own.into())
        }
    }
}

fn sound(
    model: &InstanceParams,
    vrid: u8,
    (source, destination): (IpAddr, IpAddr),
    words: &Words<'_>,
) -> Result<(Vec<u8>, Option<ChecksumForm>), String> {
    let version = words.value("version").map_or(Ok(model.version), version)?;
    let form = match words.value("sum") {
        Some("plain") => ChecksumForm::Plain,
        Some("old") => ChecksumForm::Group(model.old_group()),
        _ => ChecksumForm::Pseudo,
    };
    let listed: Vec<IpAddr> = match words.value("addr") {
        Some("none") => Vec::new(),
        Some(list) => list.split(',').map(|text| text.parse().unwrap()).collect(),
        None => model.advertised().collect(),
    };
    let mut buffer = vec![0xa5; 4096];
    let len = emit(
        &mut Outline {
            version,
            vrid,
            priority: words.get("prio", 100)?,
            interval: words.span("int", model.advert_int)?,
            addresses: &mut listed.into_iter(),
            auth: words.value("auth").map_or(Ok(model.auth), auth)?,
            source,
            destination,
            ttl: words.get("ttl", 255)?,
            checksum: form,
        },
        &mut buffer,
    );
    buffer.truncate(len.map_err(|why| why.to_string())?);
    let form = (version == Version::V3).then_some(form);
    Ok((buffer, form))
}

/// The same for a message over IPv6, where the kernel has dealt with the header.
fn spoil_message(
    bytes: &mut Vec<u8>,
    from: IpAddr,
    to: IpAddr,
    words: &Words<'_>,
) -> Result<(), String> {
    let bits = words.get("versionbits", bytes[0] >> 4)?;
    bytes[0] = bits << 4 | words.get("kind", bytes[0] & 0x0f)?;
    bytes[3] = words.get("count", bytes[3])?;
    bytes[4] |= words.get("reserved", 0u8)? << 4;
    if words.value("interval") == Some("0") {
        bytes[4..6].fill(0);
    }
    bytes.truncate(bytes.len() - words.get("cut", 0)?);
    bytes.resize(bytes.len() + words.get("more", 0)?, 0);
    let (IpAddr::V6(from), IpAddr::V6(to)) = (from, to) else {
        return Err("two families".into());
    };
    if let Some(sum) = bytes.get_mut(6..8) {
        sum.fill(0);
        let length = (bytes.len() as u16).to_be_bytes();
        let tail = [0, 0, length[0], length[1], 0, 0, 0, 112];
        let sum = checksum(&[&from.octets(), &to.octets(), &tail, bytes]);
        bytes[6..8].copy_from_slice(&sum.to_be_bytes());
        bytes[6] ^= u8::from(words.value("sum") == Some("bad"));
    }
    Ok(())
}

/// Makes the datagram faulty; what the checksum covers is covered again.
fn spoil(
    bytes: &mut Vec<u8>,
    at: usize,
    form: Option<ChecksumForm>,
    words: &Words<'_>,
) -> Result<(), String> {
    let message = &mut bytes[at..];
    let bits = words.get("versionbits", message[0] >> 4)?;
    message[0] = bits << 4 | words.get("kind", message[0] & 0x0f)?;
    message[3] = words.get("count", message[3])?;
    message[4] = words.get("authtype", message[4])? | words.get("reserved", 0u8)? << 4;
    if words.value("interval") == Some("0") {
        message[5] = 0;
    }
    let source = <[u8; 4]>::try_from(&bytes[12..16]).unwrap();
    let destination = <[u8; 4]>::try_from(&bytes[16..20]).unwrap();
    cover(&mut bytes[at..], form, source.into(), destination.into());
    if words.value("sum") == Some("bad") {
        bytes[at + 6] ^= 0x10;
    }
    if let Some(offset) = words.value("flip") {
        bytes[at + offset.parse::<usize>().map_err(|_| "flip=?")?] ^= 0x04;
    }
    bytes.truncate(bytes.len() - words.get("cut", 0)?);
    bytes.resize(bytes.len() + words.get("more", 0)?, 0);
    let total: u16 = words.get("total", bytes.len() as u16)?;
    bytes[2..4].copy_from_slice(&total.to_be_bytes());
    if words.value("spi") == Some("bad") {
        bytes[IP + 4] ^= 1;
    }
    Ok(())
}

fn cover(message: &mut [u8], form: Option<ChecksumForm>, from: Ipv4Addr, to: Ipv4Addr) {
    message[6..8].fill(0);
    let length = (message.len() as u16).to_be_bytes();
    let tail = [0, 112, length[0], length[1]];
    let sum = match form {
        Some(ChecksumForm::Pseudo) => checksum(&[&from.octets(), &to.octets(), &tail, message]),
        Some(ChecksumForm::Group(to)) => checksum(&[&from.octets(), &to.octets(), &tail, message]),
        _ => checksum(&[message]),
    };
    message[6..8].copy_from_slice(&sum.to_be_bytes());
}
