use super::*;
use crate::notify::Scripts;

pub(in crate::notify) fn mail() -> Mail {
    Mail {
        router_id: "R1".into(),
        from: Mailbox::parse("Keep Alive <ka@example.org>").unwrap(),
        to: ["a@example.org", "Bob, the Man <bob@example.org>", "root"]
            .map(|t| Mailbox::parse(t).unwrap())
            .into(),
        server: Server::Address([192, 0, 2, 25].into(), None),
        port: 25,
        helo: "router.example".into(),
        timeout: Span::from_secs(30),
        no_faults: false,
        no_checkers: false,
    }
}

pub(in crate::notify) fn letter(about: &str, body: &str) -> Letter {
    let stamp = Stamp {
        seconds: 1_795_382_212,
        micros: 42,
        process: 7,
        number: 3,
    };
    Letter::new(&mail(), about, body, stamp, Instant::from_secs(1))
}

#[test]
fn mailboxes() {
    let parsed = |text| Mailbox::parse(text).map(|m| (m.name.into_string(), m.address));
    let is = |name: &str, address: &str| Some((name.to_owned(), address.into()));
    assert_eq!(parsed(" root "), is("", "root"));
    assert_eq!(parsed("a@b"), is("", "a@b"));
    assert_eq!(parsed("<a@b>"), is("", "a@b"));
    assert_eq!(parsed("A B <a@b>"), is("A B", "a@b"));
    assert_eq!(parsed("\"A, B\" <a@b>"), is("A, B", "a@b"));
    assert_eq!(parsed("A <b> <a@b>"), is("A <b>", "a@b"));
    assert_eq!(parsed("a@[192.0.2.1]"), is("", "a@[192.0.2.1]"));
    for none in [
        "",
        " ",
        "<>",
        "a b",
        "a@b>",
        "<a@b",
        "a\r\nRCPT",
        "A <a b>",
        "ü@b",
    ] {
        assert_eq!(parsed(none), None, "{none:?}");
    }
    assert!(Mailbox::parse(&"x".repeat(254)).is_some());
    assert!(Mailbox::parse(&"x".repeat(255)).is_none());
}

#[test]
fn a_letter_as_it_is_sent() {
    let mut out = Vec::new();
    letter(
        "VRRP Instance VI_1 - Stopping",
        "=> VRRP Instance stopping <=",
    )
    .emit(&mail(), &mut out);
    let expected = "Date: Sun, 22 Nov 2026 21:16:52 +0000\r\n\
        From: Keep Alive <ka@example.org>\r\n\
        Subject: [R1] VRRP Instance VI_1 - Stopping\r\n\
        Message-ID: <1795382212.000042.7.3@router.example>\r\n\
        X-Mailer: Keepalived\r\n\
        To: a@example.org,\r\n \"Bob, the Man\" <bob@example.org>,\r\n root\r\n\
        \r\n=> VRRP Instance stopping <=\r\n\r\n.\r\n";
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn what_a_name_cannot_do() {
    let mut out = Vec::new();
    letter("a\r\nBcc: eve@example.org\r\n\r\n.\r\nQUIT", ".\r\n.hidden").emit(&mail(), &mut out);
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains("Subject: [R1] a  Bcc: eve@example.org    .  QUIT\r\nMessage-ID"));
    // A dot more in front of the one that begins the body.
    assert!(text.ends_with("\r\n\r\n..  .hidden\r\n\r\n.\r\n"), "{text}");
    assert_eq!(text.matches("\r\n.\r\n").count(), 1);
    assert!(
        text.split("\r\n")
            .all(|line| line.len() <= 998 && !line.contains(['\r', '\n']))
    );
}

#[test]
fn each_change_once() {
    let alert = |on| Scripts {
        smtp_alert: on,
        ..Scripts::default()
    };
    let params = Params {
        instances: vec![("VI_1".into(), alert(true)), ("VI_2".into(), alert(false))],
        groups: vec![("VG".into(), alert(true))],
        ..Params::default()
    };
    let (mut desk, mut mail) = (Desk::default(), mail());
    let one = Object::Instance(0);
    let mut say = |mail: &Mail, object, state| {
        desk.about(&params, mail, object, state)
            .map(|(subject, body)| format!("{subject}|{body}"))
    };
    let owns = "|=> VRRP Instance is now owning VRRP VIPs <=";
    let lost = "|=> VRRP Instance is no longer owning VRRP VIPs <=";
    let master = Some(format!("VRRP Instance VI_1 - Entering MASTER state{owns}"));
    let backup = Some(format!("VRRP Instance VI_1 - Entering BACKUP state{lost}"));
    let fault = Some(format!("VRRP Instance VI_1 - Entering FAULT state{lost}"));
    assert_eq!(say(&mail, one, State::Backup), backup);
    assert_eq!(say(&mail, one, State::Backup), None);
    assert_eq!(say(&mail, one, State::Master), master);
    assert_eq!(say(&mail, one, State::Fault), fault);
    assert_eq!(say(&mail, one, State::Backup), backup);
    mail.no_faults = true;
    assert_eq!(say(&mail, one, State::Fault), None);
    assert_eq!(say(&mail, one, State::Backup), None, "it was said");
    let stop = "VRRP Instance VI_1 - Stopping|=> VRRP Instance stopping <=";
    assert_eq!(say(&mail, one, State::Stop).as_deref(), Some(stop));
    assert_eq!(say(&mail, Object::Instance(1), State::Master), None);
    assert_eq!(say(&mail, Object::Instance(9), State::Master), None);
    let group = Object::Group(0);
    let all = "VRRP Group VG - Entering MASTER state|\
        => All VRRP group instances are now in MASTER state <=";
    assert_eq!(say(&mail, group, State::Master).as_deref(), Some(all));
    let all = "VRRP Group VG - Stopping|=> All VRRP group instances are now stopping <=";
    assert_eq!(say(&mail, group, State::Stop).as_deref(), Some(all));
}
