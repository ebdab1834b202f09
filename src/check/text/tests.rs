use super::super::trial::{MISC, checker, one, pages};
use super::*;

fn params() -> Params {
    let all = [checker(Probe::Tcp), checker(pages(1, false)), checker(MISC)];
    let mut params = one(&[(2, 1)], &all);
    (params.services[0].quorum, params.services[0].hysteresis) = (3, 1);
    params
}

#[test]
fn changes_as_programs_and_mails_have_them() {
    let params = params();
    let (real, service) = (RealId(0), ServiceId(0));
    let by = Some(CheckerId(0));
    let checker = |id, up| Change::Checker {
        checker: CheckerId(id),
        up,
        why: Why::Well,
    };
    let rs = "Realserver [192.0.2.2]:tcp:80 of virtual server [192.0.2.1]:tcp:80";
    for (change, fifo, subject, body) in [
        (
            Change::Real {
                real,
                up: false,
                by,
            },
            "RS [192.0.2.2]:tcp:80 [192.0.2.1]:tcp:80 DOWN",
            format!("{rs} - DOWN"),
            "=> TCP CHECK failed on service <=",
        ),
        (
            Change::Quorum {
                service,
                up: true,
                alive: 5,
            },
            "VS [192.0.2.1]:tcp:80 UP",
            "Virtualserver [192.0.2.1]:tcp:80 - UP".to_owned(),
            "=> Gained quorum 3+1=4 <= 5 <=",
        ),
        (
            Change::Quorum {
                service,
                up: false,
                alive: 1,
            },
            "VS [192.0.2.1]:tcp:80 DOWN",
            "Virtualserver [192.0.2.1]:tcp:80 - DOWN".to_owned(),
            "=> Lost quorum 3-1=2 > 1 <=",
        ),
        (
            checker(1, false),
            "",
            format!("{rs} - DOWN"),
            "=> CHECK failed on service : HTTP/SSL request failed <=",
        ),
        (
            checker(2, true),
            "",
            format!("{rs} - UP"),
            "=> MISC CHECK succeeded on service <=",
        ),
    ] {
        assert_eq!(params.fifo(change).to_string(), fifo);
        assert_eq!(params.subject(change).to_string(), subject);
        assert_eq!(params.body(change).to_string(), body);
        assert!(!params.text(change).to_string().is_empty());
    }
}

#[test]
fn notes_say_who_what_and_why() {
    let params = params();
    let verdict = |checker, up, why, attempts| Note::Verdict {
        checker: CheckerId(checker),
        up,
        why,
        attempts,
        page: 0,
    };
    let at = "of [192.0.2.2]:tcp:80 in [192.0.2.1]:tcp:80";
    for (note, text) in [
        (
            verdict(0, true, Why::Well, 0),
            format!("TCP_CHECK {at} succeeds"),
        ),
        (
            verdict(0, false, Why::System(111), 2),
            format!("TCP_CHECK {at} failed after 2 retries: Connection refused"),
        ),
        (
            verdict(1, false, Why::Status(503), 1),
            format!("HTTP_GET {at} failed on / after 1 retry: status code 503"),
        ),
        (
            Note::Try {
                checker: CheckerId(2),
                why: Why::Exit(1),
                left: 2,
            },
            format!("MISC_CHECK {at} failed: exit status 1; 2 more attempts before it counts"),
        ),
        (
            Note::Weight {
                real: RealId(0),
                from: 1,
                to: 5,
            },
            "weight of [192.0.2.2]:tcp:80 in [192.0.2.1]:tcp:80: 1 -> 5".to_owned(),
        ),
    ] {
        let words = params.text(note).to_string();
        // The system's words are the C library's.
        let same = words.eq_ignore_ascii_case(&text);
        assert!(same, "{words}");
    }
    let digest = Why::Digest([0xa5; 16]).to_string();
    assert_eq!(digest, "digest a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5");
}

#[test]
fn ids_that_lead_nowhere_have_words_too() {
    let params = Params::default();
    let change = Change::Checker {
        checker: CheckerId(9),
        up: true,
        why: Why::Well,
    };
    assert_eq!(
        params.subject(change).to_string(),
        "Realserver #65535 of virtual server #65535 - UP"
    );
    assert_eq!(params.text(CheckerId(3)).to_string(), "#3");
    assert_eq!(
        params.body(change).to_string(),
        "=> CHECK succeeded on service <="
    );
}
