//! A real mail server, and what came to it.

use super::Node;
use super::stage::skip;
use std::collections::BTreeMap;
use std::fs;
use std::process::{Child, Stdio};

const SMTPD: &str = "listen on 192.0.2.25 port 25 hostname mx.lan\n\
    action \"box\" maildir \"/run/box\" virtual { \"@\" = \"nobody\" }\n\
    match from any for any action \"box\"\n";

/// Debian's opensmtpd in a machine of its own, 192.0.2.25; its mail is in its /run/box.
pub struct Smtpd(Child);

impl Smtpd {
    pub fn start(node: &Node) -> Smtpd {
        let ids = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
        if ids.split_whitespace().nth(2) == Some("1") {
            std::process::exit(skip("opensmtpd needs several users: run as root"));
        }
        node.run("mount -t tmpfs -o mode=711 tmpfs /var/spool/smtpd");
        node.run("mkdir -m 777 /run/box");
        let path = node.write("smtpd.conf", SMTPD);
        let output = fs::File::create(node.run.join("smtpd.log")).expect("a file for its log");
        let child = node
            .command("smtpd")
            .args(["-d", "-f", &path])
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("one more descriptor"))
            .stderr(output)
            .spawn()
            .expect("starting smtpd");
        Smtpd(child)
    }
}

impl Drop for Smtpd {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What lies in the box: recipient → router's subjects in the order in which they were written.
pub fn boxes(node: &Node) -> BTreeMap<(String, String), Vec<String>> {
    let mut all: BTreeMap<(String, String), Vec<(String, String)>> = BTreeMap::new();
    let folder = fs::read_dir(node.run.join("box/new"));
    for entry in folder.into_iter().flatten().flatten() {
        let text = fs::read_to_string(entry.path()).unwrap_or_default();
        let header = |name: &str| {
            let found = text.lines().find_map(|l| l.strip_prefix(name));
            found.unwrap_or_default().to_owned()
        };
        let subject = header("Subject: [");
        let Some((router, subject)) = subject.split_once("] ") else {
            continue;
        };
        // Seconds, microseconds, and then the process and its count.
        let id = header("Message-ID: <");
        let mut id: Vec<String> = id.split('.').map(str::to_owned).collect();
        id[3] = format!("{:>9}", id[3].split('@').next().unwrap());
        let key = (header("Delivered-To: "), router.to_owned());
        all.entry(key)
            .or_default()
            .push((id[..4].join("."), subject.to_owned()));
    }
    all.into_iter()
        .map(|(key, mut mails)| {
            mails.sort();
            (key, mails.into_iter().map(|(_, subject)| subject).collect())
        })
        .collect()
}
