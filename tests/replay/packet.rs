//! Adverts as a peer would send them, sound or faulty in one respect.
//!
//! `advert prio=150 from=10.0.0.2`: everything else is as the instance of that VRID would say it.
//! `on=eth0 vrid= version= int= addr=a,b auth= seq= ttl= to= sum=pseudo|plain` say it differently.
//! Faults: `kind= versionbits= count= authtype= reserved=` (bits set), `sum=bad`, `flip=OFFSET` (one
//! bit of the message), `cut=N`, `more=N` (bytes, stated in the IP header), `pad=N` (bytes not stated),
//! `total=N` (IP total length), `icv=bad`, `spi=bad`.

use crate::script::{Words, auth, version};

use holdfast::vrrp::{IfaceId, InstanceParams, Params};
use holdfast::wire::vrrp::{Auth, ChecksumForm, MAX_IPV4_LEN, Outline, Version, emit};
use holdfast::wire::{ah, checksum};
use std::net::{IpAddr, Ipv4Addr};

/// Length of the IP header.
const IP: usize = 20;

pub fn build(params: &Params, words: &Words<'_>) -> Result<(IfaceId, Vec<u8>), String> {
    let first = params.instances.first().ok_or("no instance")?;
    let vrid: u8 = words.get("vrid", first.vrid)?;
    let model = params.instances.iter().find(|i| i.vrid == vrid);
    let model = model.unwrap_or(first);
    let iface = match words.value("on") {
        None => model.iface,
        Some(name) => {
            let at = params.interfaces.iter().position(|known| **known == *name);
            IfaceId(at.ok_or("no such interface")? as u16)
        }
    };
    let (mut bytes, form) = sound(model, vrid, words)?;
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
    Ok((iface, bytes))
}

fn sound(
    model: &InstanceParams,
    vrid: u8,
    words: &Words<'_>,
) -> Result<(Vec<u8>, Option<ChecksumForm>), String> {
    let version = words.value("version").map_or(Ok(model.version), version)?;
    let form = match words.value("sum") {
        Some("plain") => ChecksumForm::Plain,
        _ => ChecksumForm::Pseudo,
    };
    let listed: Vec<IpAddr> = match words.value("addr") {
        Some("none") => Vec::new(),
        Some(list) => list.split(',').map(|text| text.parse().unwrap()).collect(),
        None => model.advertised().collect(),
    };
    let mut buffer = vec![0xa5; MAX_IPV4_LEN];
    let len = emit(
        &mut Outline {
            version,
            vrid,
            priority: words.get("prio", 100)?,
            interval: words.span("int", model.advert_int)?,
            addresses: &mut listed.into_iter(),
            auth: words.value("auth").map_or(Ok(model.auth), auth)?,
            source: words.get("from", IpAddr::from([10, 0, 0, 2]))?,
            destination: words.get("to", model.group_address)?,
            ttl: words.get("ttl", 255)?,
            checksum: form,
        },
        &mut buffer,
    );
    buffer.truncate(len.map_err(|why| why.to_string())?);
    let form = (version == Version::V3).then_some(form);
    Ok((buffer, form))
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
        _ => checksum(&[message]),
    };
    message[6..8].copy_from_slice(&sum.to_be_bytes());
}
