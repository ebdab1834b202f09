//! Mail about virtual and real servers.

use crate::lab::smtp::{Server, well};
use crate::lab::{Kind, Lab, stays, wait_for};
use std::net::TcpListener;

const ARGUMENTS: [&str; 3] = ["-n", "-C", "-D"];

fn config(more: &str, checks: &[u16]) -> String {
    let mut text = format!(
        "global_defs {{\n router_id LB\n notification_email {{\n noc@example.org\n }}\n \
         notification_email_from lb@example.org\n smtp_server 192.0.2.250\n {more}\n}}\n\
         virtual_server 192.0.2.100 80 {{\n delay_loop 1\n lb_algo rr\n lb_kind NAT\n \
         protocol TCP\n smtp_alert\n"
    );
    for (n, real) in checks.chunks(2).enumerate() {
        text += &format!(" real_server 192.0.2.{} 80 {{\n", 11 + n);
        for port in real {
            text += &format!(
                "  TCP_CHECK {{\n   connect_ip 192.0.2.250\n   connect_port {port}\n   \
                 connect_timeout 3\n   retry 0\n   delay_before_retry 1\n  }}\n"
            );
        }
        text += " }\n";
    }
    text + "}\n"
}

/// Somebody who answers at the switch, until dropped.
fn listen(port: u16) -> TcpListener {
    TcpListener::bind(("192.0.2.250", port)).expect("a server at the switch")
}

const VIRTUAL: &str = "[LB] Virtualserver [192.0.2.100]:tcp:80 - ";
const FAILED: &str = "=> TCP CHECK failed on service <=";
const SUCCEEDED: &str = "=> TCP CHECK succeeded on service <=";

fn real(n: u8, up: &str, body: &str) -> String {
    format!(
        "[LB] Realserver [192.0.2.{n}]:tcp:80 of virtual server [192.0.2.100]:tcp:80 - {up}|{body}"
    )
}

fn gained() -> String {
    format!("{VIRTUAL}UP|=> Gained quorum 1+0=1 <= 1 <=")
}

fn lost() -> String {
    format!("{VIRTUAL}DOWN|=> Lost quorum 1-0=1 > 0 <=")
}

/// Each change of a checker, a real server and a quorum once, in order.
pub fn servers() {
    let lab = Lab::new(1);
    let r1 = lab.r(1);
    crate::lab::sh("ip addr add 192.0.2.250/24 dev br0");
    let server = Server::start(listen(25), well);
    let mut said = 0;
    // What came since it was asked last.
    let mut comes = |what: &str, expected: &[String]| {
        let all = || {
            let mails = server.mails();
            let new = mails.iter().skip(said);
            new.map(|m| format!("{}|{}", m.header("Subject"), m.body()))
                .collect::<Vec<String>>()
        };
        let start = std::time::Instant::now();
        while all().len() < expected.len() && start.elapsed().as_secs() < 40 {
            crate::lab::pause(50);
        }
        assert_eq!(all(), expected, "{what}: {}", r1.log.report());
        said += expected.len();
    };

    let (first, second) = (listen(8080), listen(8081));
    let daemon = r1.start_with(Kind::under_test(), &config("", &[8080, 8081]), &ARGUMENTS);
    // One real server with two checkers.
    comes("the quorum at the start", &[gained()]);
    drop(first);
    comes("one checker fails", &[lost(), real(11, "DOWN", FAILED)]);
    drop(second);
    comes("the other one too", &[real(11, "DOWN", FAILED)]);
    let first = listen(8080);
    comes("one succeeds", &[real(11, "DOWN", SUCCEEDED)]);
    let second = listen(8081);
    comes("both succeed", &[gained(), real(11, "UP", SUCCEEDED)]);
    daemon.stop();
    stays("nothing at the stop", 1000, || server.mails().len() == 7);

    let quiet = config("no_checker_emails\n no_email_faults", &[8080, 8081]);
    let daemon = r1.start_with(Kind::under_test(), &quiet, &ARGUMENTS);
    comes("the quorum at the start", &[gained()]);
    drop(first);
    comes("one checker fails", &[lost(), real(11, "DOWN", FAILED)]);
    drop(second);
    wait_for("the other one too", 20, || {
        r1.log
            .text()
            .matches("TCP_CHECK of [192.0.2.11]:tcp:80")
            .count()
            >= 6
    });
    let first = listen(8080);
    let second = listen(8081);
    comes("both succeed", &[gained(), real(11, "UP", SUCCEEDED)]);
    drop((first, second));
    daemon.stop();
}
