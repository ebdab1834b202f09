//! The real servers: nginx, dnsmasq, OpenSMTPD, in the network of the switch.

use super::raw::HOST;
use crate::lab::{packages, pause, stage};
use std::fs;
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

/// Of nginx, for requests by HTTP.
pub const WEB: u16 = 8080;
/// Of dnsmasq: one that knows a few names and no other server, and one with a zone.
pub const DNS: u16 = 5300;
pub const ZONE: u16 = 5301;
/// Of OpenSMTPD.
pub const MAIL: u16 = 2525;

/// Length of the large page.
pub const BIG: usize = 10 * 1024 * 1024;

/// What is on the pages with a digest.
pub const PAGE: &str = "Hello, world: 42 servers\nsecond LINE\n";

/// All of them, until dropped.
pub struct Servers {
    running: Vec<Child>,
    /// OpenSMTPD is one of them: it is not installed beside another mail server.
    pub mail: bool,
}

impl Drop for Servers {
    fn drop(&mut self) {
        for child in &mut self.running {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The bytes of the large page.
pub fn big() -> Vec<u8> {
    let line = b"0123456789abcdefghijklmnopqrstuvwxyz 0123456789abcdefghijklmno\n";
    let end = b"THE END\n";
    let lines = line.iter().copied().cycle().take(BIG - end.len());
    lines.chain(*end).collect()
}

fn nginx(dir: &str) -> String {
    format!(
        "daemon off;\nmaster_process off;\nuser root;\npid {dir}/nginx.pid;\n\
         error_log {dir}/nginx.log;\nevents {{ worker_connections 256; }}\n\
         http {{\n access_log off;\n default_type text/plain;\n etag off;\n\
         client_body_temp_path {dir}/t1;\n proxy_temp_path {dir}/t2;\n fastcgi_temp_path {dir}/t3;\n\
         uwsgi_temp_path {dir}/t4;\n scgi_temp_path {dir}/t5;\n\
         server {{\n  listen {WEB} default_server;\n  listen [::]:{WEB};\n  server_name _;\n\
         root {dir}/www;\n  \
         location = /302 {{ return 302 http://192.0.2.250/; }}\n  \
         location = /204 {{ return 204; }}\n  \
         location = /404 {{ return 404 \"nothing\"; }}\n  \
         location = /503 {{ return 503; }}\n  \
         location = /slow {{ alias {dir}/www/slow; limit_rate 4k; }}\n  \
         location = /chunked {{ alias {dir}/www/page; ssi on; ssi_types *; }}\n  \
         location = /asked {{ return 200 \"$server_protocol $http_connection $http_host $args.\\n\"; }}\n }}\n\
         server {{\n  listen {WEB};\n  listen [::]:{WEB};\n  server_name vhost.example;\n  \
         location / {{ return 200 \"I am vhost\\n\"; }}\n }}\n}}\n"
    )
}

const OPENSMTPD: &str = "listen on 192.0.2.250 port 2525 hostname mx.example\n\
     action \"none\" mda \"cat\"\nmatch from any for any action \"none\"\n";

fn start(program: &str, arguments: &[&str]) -> Child {
    let program = packages::find(program).unwrap_or_else(|| program.into());
    let log = fs::File::create(format!(
        "{}/{}.out",
        stage::DIR,
        program.rsplit('/').next().unwrap_or_default()
    ));
    let log = log.expect("a file for its output");
    Command::new(&program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("one more descriptor"))
        .stderr(log)
        .spawn()
        .unwrap_or_else(|e| panic!("{program}: {e}"))
}

/// Waits until somebody listens.
fn listens(port: u16) {
    for _ in 0..600 {
        if TcpStream::connect((HOST, port)).is_ok() {
            return;
        }
        pause(50);
    }
    let said = ["nginx", "dnsmasq", "smtpd"]
        .map(|p| fs::read_to_string(format!("{}/{p}.out", stage::DIR)).unwrap_or_default());
    panic!("nobody listens on port {port}: {}", said.join("\n"));
}

/// Starts them; returns when they listen.
pub fn servers() -> Servers {
    let dir = stage::DIR;
    let www = format!("{dir}/www");
    fs::create_dir_all(&www).expect("the pages");
    for (name, text) in [
        ("page", PAGE.as_bytes().to_vec()),
        ("index.html", b"index\n".to_vec()),
        ("slow", vec![b's'; 40_000]),
        ("big", big()),
    ] {
        fs::write(format!("{www}/{name}"), text).expect("a page");
    }
    let conf = format!("{dir}/nginx.conf");
    fs::write(&conf, nginx(dir)).expect("nginx.conf");
    let mut running = vec![start("nginx", &["-c", &conf, "-e", "stderr"])];
    let dns = |port: u16, more: &[&str]| {
        let port = format!("--port={port}");
        let mut all = vec![
            "--keep-in-foreground",
            "--conf-file=/dev/null",
            "--no-resolv",
            "--no-hosts",
            "--user=root",
            "--pid-file=",
            port.as_str(),
        ];
        all.extend(more);
        start("dnsmasq", &all)
    };
    running.push(dns(
        DNS,
        &[
            "--local=/here.example/",
            "--host-record=host.here.example,192.0.2.7,2001:db8::7",
            "--mx-host=here.example,host.here.example,10",
            "--txt-record=here.example,some text",
            "--cname=alias.here.example,host.here.example",
        ],
    ));
    running.push(dns(
        ZONE,
        &[
            "--auth-server=ns.zone.example,br0",
            "--auth-zone=zone.example",
            "--host-record=host.zone.example,192.0.2.8",
        ],
    ));
    let mail = packages::find("smtpd").is_some();
    let in_ci = std::env::var("CI").is_ok_and(|v| v == "true" || v == "1");
    assert!(mail || !in_ci, "in CI nothing may be skipped: opensmtpd");
    if mail {
        let conf = format!("{dir}/smtpd.conf");
        fs::write(&conf, OPENSMTPD).expect("smtpd.conf");
        running.push(start("smtpd", &["-d", "-f", &conf]));
        listens(MAIL);
    }
    listens(WEB);
    Servers { running, mail }
}
